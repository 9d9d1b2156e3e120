package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"mailchute/relay/secret"
)

const password = "correct-horse"

// holder has the secret in places where fmt does not call methods.
type holder struct {
	Public  secret.Secret
	private secret.Secret
	pointer *secret.Secret
	list    []secret.Secret
	byName  map[string]secret.Secret
}

func holderOf(s secret.Secret) holder {
	return holder{s, s, &s, []secret.Secret{s}, map[string]secret.Secret{"x": s}}
}

func TestNoVerbShowsASecret(t *testing.T) {
	s := secret.New(password)
	h := holderOf(s)
	values := []any{s, &s, h, &h, []any{s}, h.byName, fmt.Errorf("login: %v", s)}
	for _, flags := range []string{"", "+", "#", " ", "0", "-", "100", ".3", "#+100.50"} {
		for verb := rune(' '); verb <= '~'; verb++ {
			for _, v := range values {
				got := fmt.Sprintf("%"+flags+string(verb), v)
				mustNotShow(t, got, "%"+flags+string(verb))
			}
		}
	}
	for _, got := range []string{fmt.Sprint(s), fmt.Sprintln(h), s.String(), s.GoString()} {
		mustNotShow(t, got, "print")
	}
	if got := fmt.Sprintf("%v|%+v|%#v|%s|%q|%x", s, s, s, s, s, s); got != strings.Repeat("[secret]|", 5)+"[secret]" {
		t.Errorf("a formatted secret is %s", got)
	}
}

func TestNoEncoderShowsASecret(t *testing.T) {
	s := secret.New(password)
	var out bytes.Buffer
	encoders := map[string]func(any) error{
		"json": json.NewEncoder(&out).Encode,
		"xml":  xml.NewEncoder(&out).Encode,
		"toml": toml.NewEncoder(&out).Encode,
		"gob":  gob.NewEncoder(&out).Encode,
		"slog text": func(v any) error {
			slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
			return nil
		},
		"slog json": func(v any) error {
			slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
			return nil
		},
	}
	for name, encode := range encoders {
		for _, v := range []any{s, &s, struct{ Password secret.Secret }{s}, map[string]secret.Secret{"p": s}} {
			out.Reset()
			err := encode(v) // an encoder may refuse, but must not show
			mustNotShow(t, out.String()+fmt.Sprint(err), name)
		}
	}
}

func mustNotShow(t *testing.T, text, how string) {
	t.Helper()
	hexed := fmt.Sprintf("%x", password)
	for _, leak := range []string{password, password[:3], hexed, strings.ToUpper(hexed), "99 111 114 114"} {
		if strings.Contains(text, leak) {
			t.Fatalf("%s shows the secret: %s", how, text)
		}
	}
}

func TestRevealGivesTheText(t *testing.T) {
	if got := secret.New(password).Reveal(); got != password {
		t.Errorf("Reveal() = %q", got)
	}
	var zero secret.Secret
	if zero.Reveal() != "" || !zero.IsZero() || secret.New(password).IsZero() {
		t.Error("the zero Secret is not the empty one")
	}
}

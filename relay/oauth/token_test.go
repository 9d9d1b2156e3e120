package oauth

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"mailchute/relay/secret"
	"mailchute/relay/web"
)

func TestATokenIsWhatItWasWhenItIsReadAgain(t *testing.T) {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for _, want := range []Token{
		{Access: secret.New("a"), Refresh: secret.New("r"), Expiry: now, Renewed: now, User: "me@example.org", ClientID: "c", Endpoint: "https://x/"},
		{Access: secret.New("a")},
		{Refresh: secret.New("r")},
	} {
		line := string(want.encode())
		got, err := decode(line)
		if err != nil || strings.Count(line, "\n") != 1 || got.Access.Reveal() != want.Access.Reveal() || got.Refresh.Reveal() != want.Refresh.Reveal() {
			t.Fatalf("%q: %v", line, err)
		}
		got.Access, got.Refresh, want.Access, want.Refresh = secret.Secret{}, secret.Secret{}, secret.Secret{}, secret.Secret{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestWhatIsNoTokenOfOurs(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", `{"access_token":"a b"}`, `{"access_token":"a","refresh_token":"\u0000"}`, "two words", "{\"access_token\":", "{x", "root:$6$salt$hash:20000:0:99999:7:::", strings.Repeat("x", maxToken+1)} {
		if _, err := decode(text); err == nil {
			t.Errorf("%.40q is one", text)
		}
	}
}

func TestTheEndpointsOfEveryProviderAreGood(t *testing.T) {
	for _, name := range Providers() {
		p, known := Known(name, "a/../b")
		if !known || p.Scope == "" || p.Token == "" || p.Authorization == "" || (p.Device == "") != (p.Note != "") {
			t.Errorf("%s: %+v", name, p)
		}
		for _, address := range []string{p.Token, p.Authorization, p.Device, p.Revocation} {
			if address != "" && (web.Check(address) != nil || strings.Contains(address, "/../")) {
				t.Errorf("%s: %q", name, address)
			}
		}
	}
	if _, known := Known("", ""); known {
		t.Error("a provider without a name")
	}
	if p, _ := Known("microsoft", ""); p.Device != "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode" {
		t.Errorf("got %q", p.Device)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"access_token":"a","refresh_token":"r","expiry":"2026-11-22T08:00:00Z"}`)
	f.Add("refresh")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := decode(text)
		if t, ok := byHand(text); ok {
			token, err = t, nil
		}
		if err != nil {
			return
		}
		for _, s := range []string{token.Access.Reveal(), token.Refresh.Reveal()} {
			if s != "" && !isToken(s) {
				t.Errorf("%q", s)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(`{"access_token":"a","expires_in":"3600","interval":5,"device_code":"d","user_code":"u","verification_uri":"https://x/"}`)
	f.Add(`{"error":"slow_down","expires_in":1e999}`)
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		var a answer
		if json.Unmarshal([]byte(text), &a) != nil {
			return
		}
		if d := interval(&a); d < leastInterval || d > mostInterval {
			t.Errorf("asks every %v", d)
		}
		if p, err := prompt(&a, now); err == nil && (p.Until.Before(now) || p.Until.After(now.Add(longestCode)) || strings.ContainsAny(p.Code+p.Address, "\r\n\x1b")) {
			t.Errorf("%+v", p)
		}
		c := Client{Now: func() time.Time { return now }}
		if token, err := c.issued("x", &a); err == nil && (!isToken(token.Access.Reveal()) || !token.Expiry.IsZero() && token.Expiry.Before(now)) {
			t.Errorf("%+v", token)
		}
	})
}

func FuzzVisit(f *testing.F) {
	f.Add("GET /?code=x&state=y HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		target, host, err := readVisit(strings.NewReader(text))
		if err == nil {
			meant(target, host)
		}
	})
}

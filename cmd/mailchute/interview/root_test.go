package interview

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/face"
)

func TestAnAliasForRootLeadsOffTheMachine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"an address", "you@example.org", ""},
		{"with a name", "You <you@example.org>", ""},
		{"several", "a@example.org, b@example.org", ""},
		{"words", "not an address", "two words"},
		{"a name of this machine", "bob", "domain is needed"},
		{"one of several", "a@example.org, bob", "domain is needed"},
		{"a program", "|/bin/sh", "program"},
		{"a program that looks like an address", "|/bin/sh@example.org", "program"},
		{"a file that looks like an address", "/etc/passwd@example.org", "file"},
		{"an included file", ":include:/etc/team", "include"},
		{"nothing", "", "no address"},
		{"a second entry", "a@example.org\nbin: |/bin/sh", "control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := targets(tt.text)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
			}
		})
	}
}

func TestAQuestionIsAskedUntilTheAnswerFits(t *testing.T) {
	in, typed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := typed.WriteString("not an address\nbob\nyou@example.org\n-\n"); err != nil {
		t.Fatal(err)
	}
	typed.Close()
	var shown bytes.Buffer
	a := &asker{in: in, out: &shown}
	if got, err := a.mailbox(t.Context(), "Who", "me@example.org", targets); got != "you@example.org" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if n := strings.Count(shown.String(), "Who (- for none) [me@example.org]: "); n != 3 {
		t.Errorf("asked %d times:\n%s", n, shown.String())
	}
	if got, err := a.mailbox(t.Context(), "Who", "me@example.org", targets); got != "" || err != nil {
		t.Errorf("none: got %q, %v", got, err)
	}
}

func TestAnAliasForRootThatIsThereStaysAndIsTold(t *testing.T) {
	tests := []struct{ name, file, root, want string }{
		{"another", "Root: other@example.org\n", "you@example.org", "note     mail for root goes to other@example.org already; that line of PATH stays, and --root adds none for you@example.org\n"},
		{"the same", "root: you@example.org\n", "You <you@example.org>", ""},
		{"nobody asked", "root: other@example.org\n", "", ""},
		{"a program", "root: |/bin/sh\n", "you@example.org", "note     mail for root goes to ("},
		{"none", "bin: root\n", "you@example.org", "wrote    PATH: mail for root goes to you@example.org\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "aliases")
			if err := os.WriteFile(path, []byte(tt.file), 0o644); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			i := &initialization{Command: &Command{Root: tt.root}, Process: face.Process{Stdout: &said}, ask: &asker{nobody: true}}
			if err := i.aliasForRoot(t.Context(), path, ""); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(said.String(), path, "PATH"); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("said %q, want %q", got, tt.want)
			}
			text, err := os.ReadFile(path)
			if wrote := strings.HasPrefix(tt.want, "wrote"); err != nil || (string(text) == tt.file) == wrote {
				t.Errorf("the file holds %q, %v", text, err)
			}
		})
	}
}

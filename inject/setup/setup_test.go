package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"

	"mailchute/inject/config"
	"mailchute/relay/secret"
)

func TestAPlanIsWrittenAsTOMLThatIsUnderstood(t *testing.T) {
	p := New("a file\nwith a line end")
	p.Default().Set("user", `me "the" \ user`)
	p.Default().Set("smarthost", "submission://smtp.example.org")
	p.Default().Set("identity.trusted", []string{})
	p.Default().Set("tls.ca_file", "/etc/ca.pem")
	p.Default().Password = secret.New("one")
	work := p.Add("a b", p.Default())
	work.Set("match", []string{"*@work.example", "me@x.example"})
	work.Password = secret.New("two")
	bare := p.Add("a b", nil)
	bare.setWithComment("smarthost", "smtp://relay.example", "the old\none")
	p.Note("old.conf", 3, "key", "gone\x1b[31m")
	p.Note("old.conf", 1, "", "first")
	p.Note("old.conf", 3, "key", "gone\x1b[31m")

	got, secrets := p.Text("/etc/mailchute/mailchute.toml")
	want := `# Made from a file?with a line end. All keys are in mailchute.toml(5).
smarthost = "submission://smtp.example.org"
user = "me \"the\" \\ user"
password_file = "/etc/mailchute/password"

[identity]
trusted = []

[tls]
ca_file = "/etc/ca.pem"

[account.a_b]
match = ["*@work.example", "me@x.example"]
password_file = "/etc/mailchute/password-a_b"

[account.a_b-2]
smarthost = "smtp://relay.example"  # the old?one
user = ""
password = ""  # none is known

[account.a_b-2.identity]
trusted = ["*"]

[account.a_b-2.tls]
ca_file = ""

# Lines that are not taken over as they were:
#   old.conf:1: first
#   old.conf:3: key: gone?[31m
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Secret{{Path: "/etc/mailchute/password", Text: "one"}, {Path: "/etc/mailchute/password-a_b", Text: "two"}}, secrets); diff != "" {
		t.Error(diff)
	}
	c, _, err := config.Parse("x", []byte(got))
	if err != nil {
		t.Fatal(err)
	}
	if c.Default.User != `me "the" \ user` {
		t.Errorf("user %q", c.Default.User)
	}
	if a, _ := c.Account("a_b-2"); a == nil || a.User != "" || !a.Secret.IsZero() {
		t.Errorf("the account without a login has one: %+v", a)
	}
}

func TestAPasswordGoesWhereNothingElseIs(t *testing.T) {
	p := New("")
	p.Default().Password = secret.New("one")
	p.Add("2", nil).Password = secret.New("two")
	p.Add("work", nil).Password = secret.New("three")
	p.Add("work.2", nil).Password = secret.New("four")
	p.Taken = func(s Secret) bool {
		return s.Path == "/c/password" || s.Path == "/c/password.2" && s.Text != "one" || s.Path == "/c/password-work"
	}
	toml, secrets := p.Text("/c/mailchute.toml")
	want := []Secret{{Path: "/c/password.2", Text: "one"}, {Path: "/c/password-2", Text: "two"},
		{Path: "/c/password-work.2", Text: "three"}, {Path: "/c/password-work.2.2", Text: "four"}}
	if diff := cmp.Diff(want, secrets); diff != "" {
		t.Error(diff)
	}
	for _, s := range want {
		if !strings.Contains(toml, "password_file = \""+s.Path+"\"\n") {
			t.Errorf("%s is not named in\n%s", s.Path, toml)
		}
	}
	p.Default().Set("password_credential", "smtp")
	if _, secrets = p.Text("/c/serve.toml"); secrets[0].Path != "/c/password" {
		t.Errorf("a service manager looks for it elsewhere than in %s", secrets[0].Path)
	}
}

func TestPasswordFilesOfDifferentAccountsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"", "a", "A", "a/b", "a%2fb", "../x", "..", "ä", "a.b", "a_b", "me@x.example"} {
		file := (&Account{Name: name}).passwordFile()
		if strings.ContainsAny(file, "/ ") || seen[file] != "" {
			t.Errorf("%q has the file %q, as %q", name, file, seen[file])
		}
		seen[file] = name + "?"
	}
}

func TestAddAlias(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"an empty file", "", "root: me@x.example\n"},
		{"others stay", "# hi\npostmaster: root\n", "# hi\npostmaster: root\nroot: me@x.example\n"},
		{"without a final line end", "a: b", "a: b\nroot: me@x.example\n"},
		{"one that is there stays", "Root: you@x.example\n", ""},
		{"one in quotes stays", "\"root\": you@x.example\n", ""},
		{"a comment is none", "# root: you\n", "# root: you\nroot: me@x.example\n"},
		{"another name is none", "chroot: you\n", "chroot: you\nroot: me@x.example\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want, wantChanged := tt.want, tt.want != ""
			if !wantChanged {
				want = tt.text
			}
			if got, changed := addAlias(tt.text, "root", "me@x.example"); got != want || changed != wantChanged {
				t.Errorf("%q, %v, want %q", got, changed, want)
			}
		})
	}
}

func TestAnAliasGoesBehindALinkAndKeepsTheMode(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "aliases")
	err := errors.Join(os.WriteFile(file, []byte("a: b\n"), 0o640), os.Chmod(file, 0o640), os.Symlink("file", link))
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := AddAliasTo(link, "root", "me@x.example"); err != nil || !changed {
		t.Fatal(changed, err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	text, err := os.ReadFile(file)
	if info, _ := os.Stat(file); err != nil || string(text) != "a: b\nroot: me@x.example\n" || info.Mode() != 0o640 {
		t.Errorf("%q, %v, %v", text, info.Mode(), err)
	}
	if changed, err := AddAliasTo(link, "root", "x"); err != nil || changed {
		t.Error("added twice", err)
	}
}

func TestQuoteIsABasicString(t *testing.T) {
	for _, s := range []string{`/tmp/a "quoted" \ path`, "/tmp/über", "a\nb\x7f\x01"} {
		var back struct{ S string }
		if _, err := toml.Decode("s = "+Quote(s), &back); err != nil || back.S != s {
			t.Errorf("%q reads back as %q, %v", s, back.S, err)
		}
	}
}

package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	if diff := cmp.Diff([]Secret{{"/etc/mailchute/password", "one"}, {"/etc/mailchute/password-a_b", "two"}}, secrets); diff != "" {
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

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "mailchute.toml")
	secrets := []Secret{{filepath.Join(filepath.Dir(path), "password"), "pw"}}
	if err := Write(path, "x = 1\n", 0o600, secrets, false); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{path: "x = 1\n", secrets[0].Path: "pw\n"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
		if text, err := os.ReadFile(file); err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v", file, text, err)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestNothingIsOverwrittenUnlessAsked(t *testing.T) {
	dir := t.TempDir()
	path, pw := filepath.Join(dir, "mailchute.toml"), filepath.Join(dir, "password")
	if err := os.WriteFile(pw, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	secrets := []Secret{{pw, "new"}}
	var exists *ExistsError
	if err := Write(path, "x = 1\n", 0o600, secrets, false); !errors.As(err, &exists) || exists.Path != pw {
		t.Errorf("error %v, want *ExistsError for %s", err, pw)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the configuration was written all the same: %v", err)
	}
	if err := Write(path, "x = 1\n", 0o600, secrets, true); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(pw); err != nil || info.Mode() != 0o600 {
		t.Errorf("the password that took an open file's place: %v, %v", info.Mode(), err)
	}
	if err := errors.Join(os.Remove(path), os.Chmod(pw, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, "x = 1\n", 0o600, secrets, false); err != nil {
		t.Errorf("the same password is in the way: %v", err)
	}
	if info, err := os.Stat(pw); err != nil || info.Mode() != 0o600 {
		t.Errorf("the same password stays open: %v, %v", info.Mode(), err)
	}
	if err := writeFile(pw, "newer", 0o600, false); !errors.As(err, &exists) {
		t.Errorf("a file that came in between: %v", err)
	}
}

func TestADirectoryThatCannotBeMadeIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(file, "mailchute.toml"), "", 0o600, nil, true); err == nil {
		t.Error("no error")
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

func TestAConfigurationForOthersCanBeReachedByThemWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	for mode, want := range map[fs.FileMode]fs.FileMode{0o644: 0o755, 0o600: 0o700} {
		path := filepath.Join(t.TempDir(), "etc", "mailchute", "serve.toml")
		if err := Write(path, "", mode, nil, false); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s for mode %v: %v, %v", dir, mode, info.Mode(), err)
			}
		}
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

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFirstConfigurationThatExistsIsFound(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flag, variable := write("flag.toml"), write("variable.toml")
	xdg := write("xdg/mailchute/mailchute.toml")
	home := write("home/.config/mailchute/mailchute.toml")
	passwd := write("passwd/.config/mailchute/mailchute.toml")

	for _, test := range []struct {
		promise string
		flag    string
		env     string // NAME=value words
		want    string // "": the system's or none
	}{
		{"-C comes first", flag, "MAILCHUTE_CONFIG=" + variable + " XDG_CONFIG_HOME=" + dir + "/xdg", flag},
		{"then MAILCHUTE_CONFIG", "", "MAILCHUTE_CONFIG=" + variable + " XDG_CONFIG_HOME=" + dir + "/xdg", variable},
		{"an empty MAILCHUTE_CONFIG is none", "", "MAILCHUTE_CONFIG= XDG_CONFIG_HOME=" + dir + "/xdg HOME=" + dir + "/home", xdg},
		{"then ~/.config", "", "HOME=" + dir + "/home", home},
		{"a relative XDG_CONFIG_HOME is ignored", "", "XDG_CONFIG_HOME=xdg HOME=" + dir + "/home", home},
		{"without HOME the passwd entry says where", "", "", passwd},
		{"a relative HOME is no home", "", "HOME=home", ""},
		{"XDG_CONFIG_HOME takes the place of ~/.config", "", "XDG_CONFIG_HOME=" + dir + "/nothing HOME=" + dir + "/home", ""},
	} {
		getenv := func(name string) string {
			for _, word := range strings.Fields(test.env) {
				if value, ok := strings.CutPrefix(word, name+"="); ok {
					return value
				}
			}
			return ""
		}
		got, err := Find(test.flag, getenv, func() string { return dir + "/passwd" })
		if test.want == "" {
			if _, systemErr := os.Stat(System); systemErr == nil && got == System && err == nil {
				continue
			}
			if !errors.Is(err, ErrNone) {
				t.Errorf("%s: %q, %v", test.promise, got, err)
			}
			continue
		}
		if got != test.want || err != nil {
			t.Errorf("%s: %q, %v", test.promise, got, err)
		}
	}
}

func TestAFileThatIsNamedMustExist(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for flag, hint := range map[string]string{missing + "\x1b": "-C", "": "MAILCHUTE_CONFIG"} {
		_, err := Find(flag, func(name string) string { return missing }, func() string { return "" })
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(e.Hint, hint) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", flag, err)
		}
	}
}

func TestPermissionsAreJudgedByWhatAFileHolds(t *testing.T) {
	const plain, password, inAccount = "user = \"u\"\nauth = \"off\"\n", "user = \"u\"\npassword = \"canary\"\n", "[account.a]\nproxy = \"socks5://u:canary@h.example:1\"\n"
	for _, test := range []struct {
		promise, text string
		mode          os.FileMode
		warned        bool
		refused       bool
	}{
		{"a private file is fine", password, 0o600, false, false},
		{"a public file without a secret is fine", plain, 0o644, false, false},
		{"a secret that others can read is a warning", password, 0o644, true, false},
		{"a secret that the group can read is a warning", password, 0o640, true, false},
		{"a proxy's password is a secret", inAccount, 0o644, true, false},
		{"a file with a secret that the group can write gets a warning", password, 0o660, true, false},
		{"a file with a secret that others can write is refused", password, 0o602, false, true},
		{"a file that others can write is refused", plain, 0o646, false, true},
		{"a file that the group can write is nobody else's business", plain, 0o664, false, false},
	} {
		path := filepath.Join(t.TempDir(), "mailchute.toml")
		if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		c, warnings, err := Load(path)
		if (len(warnings) > 0) != test.warned || (err != nil) != test.refused || (c == nil) != test.refused {
			t.Errorf("%s: %q, %v", test.promise, warnings, err)
		}
		if said := strings.Join(warnings, "") + errorText(err); strings.Contains(said, "canary") || (said != "" && !strings.Contains(said, "chmod")) {
			t.Errorf("%s: %s", test.promise, said)
		}
	}
}

func TestWhatCannotBeReadIsAnErrorWithItsCause(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, large, filepath.Join(dir, "nothing")} {
		_, _, err := Load(path)
		var e *Error
		if !errors.As(err, &e) || e.Err == nil || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: %v", path, err)
		}
	}
	if c, warnings, err := Load(os.DevNull); err != nil || warnings != nil || c.Path != os.DevNull {
		t.Errorf("the null device is an empty configuration: %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

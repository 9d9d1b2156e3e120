package secret

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	const me = 1000
	tests := []struct {
		name        string
		path        string
		mode        fs.FileMode
		owner, user int
		warning     string
		err         string
	}{
		{"mine alone", "/s", 0o600, me, me, "", ""},
		{"read-only", "/s", 0o400, me, me, "", ""},
		{"root's", "/s", 0o600, 0, me, "", ""},
		{"the group reads", "/s", 0o640, me, me, `"/s" has a secret in it and can be read by its group; mend it with: chmod 600 /s`, ""},
		{"others read", "/s", 0o604, me, me, `"/s" has a secret in it and can be read by others; mend it with: chmod 600 /s`, ""},
		{"all read", "/a b", 0o444, me, me, `"/a b" has a secret in it and can be read by its group and others; mend it with: chmod 400 '/a b'`, ""},
		{"the group writes", "/s", 0o660, me, me, `"/s" has a secret in it and can be read by its group; mend it with: chmod 600 /s`, ""},
		{"others write", "/s", 0o666, me, me, "", `"/s" has a secret in it and can be written by its group and others; mend it with: chmod 600 /s`},
		{"another user's", "/s", 0o600, 1001, me, "", `"/s" has a secret in it and belongs to user 1001, neither to root nor to you`},
		{"another user's, for root", "/s", 0o600, 1001, 0, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			warning, err := judge(tt.path, tt.mode, tt.owner, tt.user)
			if err == nil && tt.err != "" || err != nil && err.Error() != tt.err {
				t.Errorf("error %v, want %s", err, tt.err)
			}
			if warning != tt.warning {
				t.Errorf("warning %s, want %s", warning, tt.warning)
			}
		})
	}
}

func TestCheckLooksAtTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("pw"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mode          fs.FileMode
		warning, fail bool
	}{{0o600, false, false}, {0o644, true, false}, {0o646, false, true}} {
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		warning, err := Check(path)
		if (warning != "") != tt.warning || (err != nil) != tt.fail {
			t.Errorf("mode %o: warning %q, error %v", tt.mode, warning, err)
		}
	}
	for path, want := range map[string]string{t.TempDir(): "is a directory", "/dev/null": "is a device"} {
		if _, err := Check(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "chmod") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Check(path + "x"); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestQuoteIsSafeToCopy(t *testing.T) {
	tests := []struct{ path, want string }{
		{"/etc/mailchute/password", "/etc/mailchute/password"},
		{"/home/jörg/pw", "/home/jörg/pw"},
		{"/a b", "'/a b'"},
		{"/it's", `'/it'\''s'`},
		{"/$(reboot)", "'/$(reboot)'"},
		{"-rf", "./-rf"},
		{"", "''"},
		{"/x\n\x1b'\\", `$'/x\012\033\'\\'`},
		{"/\xff", `$'/\377'`},
	}
	for _, tt := range tests {
		if got := quote(tt.path); got != tt.want {
			t.Errorf("quote(%q) = %s, want %s", tt.path, got, tt.want)
		}
		if strings.ContainsAny(quote(tt.path), "\n\x1b") {
			t.Errorf("quote(%q) shows a control character", tt.path)
		}
	}
}

package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "mailchute.toml")
	secrets := []Secret{{Path: filepath.Join(filepath.Dir(path), "password"), Text: "pw"}}
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

func TestAPasswordThatIsThereStaysUnlessItIsReplaced(t *testing.T) {
	dir := t.TempDir()
	path, pw := filepath.Join(dir, "mailchute.toml"), filepath.Join(dir, "password")
	if err := os.WriteFile(pw, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	secrets := []Secret{{Path: pw, Text: "new"}}
	if secrets[0].Fits() || !(Secret{Path: pw, Text: "old"}).Fits() || !(Secret{Path: pw + "2", Text: "new"}).Fits() {
		t.Error("a password fits where there is nothing or itself")
	}
	for _, replace := range []bool{false, true} {
		var exists *ExistsError
		if err := Write(path, "x = 1\n", 0o600, secrets, replace); !errors.As(err, &exists) || exists.Path != pw {
			t.Errorf("error %v, want *ExistsError for %s", err, pw)
		}
	}
	if diff := cmp.Diff(map[string]string{"password": "old\n"}, texts(t, dir)); diff != "" {
		t.Error(diff)
	}
	secrets[0].Replaces = true
	if err := Write(path, "x = 1\n", 0o600, secrets, true); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(pw); err != nil || info.Mode() != 0o600 {
		t.Errorf("the password that took an open file's place: %v, %v", info.Mode(), err)
	}
	if err := errors.Join(os.Remove(path), os.Chmod(pw, 0o644)); err != nil {
		t.Fatal(err)
	}
	secrets[0].Replaces = false
	if err := Write(path, "x = 1\n", 0o600, secrets, false); err != nil {
		t.Errorf("the same password is in the way: %v", err)
	}
	if info, err := os.Stat(pw); err != nil || info.Mode() != 0o600 {
		t.Errorf("the same password stays open: %v, %v", info.Mode(), err)
	}
}

func TestAWriteThatFailsChangesNothing(t *testing.T) {
	absent := func(dir string) string { return filepath.Join(dir, "none", "password") }
	tests := []struct {
		name    string
		trouble func(dir string) []Secret
	}{
		{"a new password finds no place", func(dir string) []Secret { return []Secret{{Path: absent(dir), Text: "x"}} }},
		{"one that replaces another finds none", func(dir string) []Secret { return []Secret{{Path: absent(dir), Text: "x", Replaces: true}} }},
		{"the configuration cannot get its name", func(dir string) []Secret {
			path := filepath.Join(dir, "mailchute.toml")
			if err := errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "x"), 0o700)); err != nil {
				t.Fatal(err)
			}
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path, pw, fresh := filepath.Join(dir, "mailchute.toml"), filepath.Join(dir, "password"), filepath.Join(dir, "password.2")
			err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.WriteFile(pw, []byte("old"), 0o600))
			if err != nil {
				t.Fatal(err)
			}
			secrets := append([]Secret{{Path: fresh, Text: "fresh"}, {Path: pw, Text: "new", Replaces: true}}, tt.trouble(dir)...)
			before := texts(t, dir)
			if err := Write(path, "new", 0o600, secrets, true); err == nil {
				t.Error("no error")
			}
			if diff := cmp.Diff(before, texts(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFileThatCameInBetweenIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	pw := filepath.Join(dir, "password")
	if err := os.WriteFile(pw, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if err := place([]file{{path: pw + "2", text: "x", mode: 0o600}, {path: pw, text: "newer", mode: 0o600}}); !errors.As(err, &exists) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(map[string]string{"password": "old"}, texts(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestAConfigurationGoesBehindALinkOfItsUser(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	path, target := filepath.Join(dir, "mailchute.toml"), filepath.Join(elsewhere, "kept.toml")
	if err := errors.Join(os.WriteFile(target, []byte("old"), 0o600), os.Symlink(target, path)); err != nil {
		t.Fatal(err)
	}
	var exists *ExistsError
	if err := Write(path, "new", 0o600, nil, false); !errors.As(err, &exists) {
		t.Errorf("got %v", err)
	}
	if err := Write(path, "new", 0o600, []Secret{{Path: filepath.Join(dir, "password"), Text: "pw"}}, true); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info.Mode(), err)
	}
	if diff := cmp.Diff(map[string]string{"kept.toml": "new"}, texts(t, elsewhere)); diff != "" {
		t.Error(diff)
	}
	if os.Geteuid() != 0 {
		return // only root can make a link another's
	}
	if err := os.Lchown(path, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, "newer", 0o600, nil, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"kept.toml": "new"}, texts(t, elsewhere)); diff != "" {
		t.Errorf("another's link was followed: %s", diff)
	}
}

// texts is what the files of a directory hold.
func texts(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
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

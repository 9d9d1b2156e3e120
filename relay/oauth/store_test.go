package oauth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestNothingIsAskedWhereTheAnswerCouldNotBeKept(t *testing.T) {
	a := newAuthority(t)
	s := a.source(0)
	// What is in the draft's place cannot be taken away, not even by root.
	if err := os.MkdirAll(filepath.Join(s.Store.File+".new", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	mustBeTemporary(t, s)
	if n := a.Grants(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestAFileThatOthersCanWriteIsNotBelieved(t *testing.T) {
	a := newAuthority(t)
	s := a.source(time.Hour)
	if err := os.Chmod(s.Store.File, 0o602); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(t.Context()); err == nil || !strings.Contains(err.Error(), "can be written by others") {
		t.Errorf("got %v", err)
	}
}

func TestNoOtherFileIsTakenForAToken(t *testing.T) {
	const shadow = "root:$6$salt$canary:20000:0:99999:7:::\n"
	for name, tt := range map[string]struct {
		put func(path string) error
		err string
	}{
		"a line that has the form of a refresh token": {func(path string) error { return os.WriteFile(path, []byte(shadow), 0o600) }, "does not hold a token of this program"},
		"a link to such a file": {func(path string) error {
			return errors.Join(os.WriteFile(path+".other", []byte(shadow), 0o600), os.Symlink(path+".other", path))
		}, "is a symbolic link"},
		"a link to a token": {func(path string) error {
			return errors.Join(os.WriteFile(path+".other", []byte(`{"refresh_token":"canary"}`), 0o600), os.Symlink(path+".other", path))
		}, "is a symbolic link"},
		"a link to nothing": {func(path string) error { return os.Symlink(path+".nothing", path) }, "is a symbolic link"},
		"a pipe":            {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "is no regular file"},
		"a directory":       {func(path string) error { return os.Mkdir(path, 0o700) }, "is no regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthority(t)
			s := a.source(0)
			if err := errors.Join(os.Remove(s.Store.File), tt.put(s.Store.File)); err != nil {
				t.Fatal(err)
			}
			_, err := s.Token(t.Context())
			hushed(t, err)
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v, want %q", err, tt.err)
			}
			if forms := a.Forms(); len(forms) != 0 {
				t.Errorf("it was sent: %v", forms)
			}
		})
	}
}

func TestATokenIsKeptByCommands(t *testing.T) {
	a := newAuthority(t)
	a.Rotates = true
	s := a.source(0)
	ring := filepath.Join(t.TempDir(), "ring")
	s.Store.Load, s.Store.Save = "cat "+ring, "cat > "+ring
	if err := os.WriteFile(ring, []byte(a.Refresh()+"\n"), 0o600); err != nil { // as somebody put it there by hand
		t.Fatal(err)
	}
	for want, later := range map[string]time.Duration{"access-canary-1": 0} {
		a.now = a.now.Add(later)
		if got, err := s.Token(t.Context()); err != nil || got.Reveal() != want {
			t.Fatalf("%q, %v", got.Reveal(), err)
		}
	}
	a.now = a.now.Add(time.Hour)
	other := &Source{Client: s.Client, Store: s.Store, User: "me"}
	if got, err := other.Token(t.Context()); err != nil || got.Reveal() != "access-canary-2" {
		t.Fatalf("%q, %v", got.Reveal(), err)
	}
	if kept, err := s.Store.Read(t.Context()); err != nil || kept.Refresh.Reveal() != a.Refresh() {
		t.Errorf("kept %q, %v", kept.Refresh.Reveal(), err)
	}
	if err := s.Store.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := (&Source{Client: s.Client, Store: s.Store, User: "me"}).Token(t.Context()); !errors.As(err, &e) || !e.Login {
		t.Errorf("got %v", err)
	}
}

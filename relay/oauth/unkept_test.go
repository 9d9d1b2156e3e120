package oauth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// locked is a source by commands whose save command works only while the file
// "open" is there, and what it was told could not be kept.
func locked(t *testing.T, a *authority) (s *Source, dir string, told *[]error) {
	t.Helper()
	a.Rotates = true
	s, dir, told = a.source(0), t.TempDir(), &[]error{}
	s.Store.Load, s.Store.Save = "cat "+filepath.Join(dir, "ring"), "cd "+dir+"; if test -e open; then cat >ring; else cat >&2; exit 3; fi"
	s.Unkept = func(err error) { *told = append(*told, err) }
	put(t, filepath.Join(dir, "ring"), a.Refresh()+"\n")
	return s, dir, told
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestATokenThatCannotBeKeptServesUntilItCan(t *testing.T) {
	a := newAuthority(t)
	s, dir, told := locked(t, a)
	for i, want := range []string{"access-canary-1", "access-canary-2"} { // the second by a refresh token that is kept nowhere
		if got, err := s.Token(t.Context()); err != nil || got.Reveal() != want {
			t.Fatalf("%q, %v", got.Reveal(), err)
		}
		if len(*told) != i+1 || !strings.Contains((*told)[i].Error(), "keeping the new token: ") {
			t.Errorf("told %v", *told)
		}
		hushed(t, (*told)[i])
		a.now = a.now.Add(time.Hour)
	}
	a.now = a.now.Add(-time.Hour)
	put(t, filepath.Join(dir, "open"), "")
	if got, err := s.Token(t.Context()); err != nil || got.Reveal() != "access-canary-2" {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	if kept, err := s.Store.Read(t.Context()); err != nil || kept.Refresh.Reveal() != a.Refresh() {
		t.Errorf("kept %q, %v", kept.Refresh.Reveal(), err)
	}
	if n := a.Grants(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestALoginSinceIsNotReplacedByATokenThatCouldNotBeKept(t *testing.T) {
	for ring, want := range map[string]string{"by-another-login\n": "by-another-login", "\n": ""} {
		a := newAuthority(t)
		s, dir, _ := locked(t, a)
		if _, err := s.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, "ring"), ring)
		put(t, filepath.Join(dir, "open"), "")
		_, _ = s.Token(t.Context())
		if kept, err := s.Store.Read(t.Context()); kept.Refresh.Reveal() != want || (err != nil) != (want == "") {
			t.Errorf("kept %q, %v, want %q", kept.Refresh.Reveal(), err, want)
		}
	}
}

func TestACallerWhoLosesPatienceCostsNoRotatedToken(t *testing.T) {
	a := newAuthority(t)
	a.Rotates = true
	s := a.source(0)
	ctx, cancel := context.WithCancel(t.Context())
	a.Asked = cancel
	var held, released int
	s.Hold = func() func() { held++; return func() { released++ } }
	if got, err := s.Token(ctx); err != nil || got.Reveal() != "access-canary-1" || !errors.Is(ctx.Err(), context.Canceled) {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	if kept, err := s.Store.Read(t.Context()); err != nil || kept.Refresh.Reveal() != a.Refresh() {
		t.Errorf("kept %q, %v", kept.Refresh.Reveal(), err)
	}
	if held != 1 || released != 1 {
		t.Errorf("signals were held %d times and released %d times", held, released)
	}
}

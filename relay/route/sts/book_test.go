package sts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// world is DNS, the policy host and the clock.
type world struct {
	id, text string
	dnsErr   error
	fetchErr error
	now      time.Time
	fetched  int
}

func (w *world) book(dir string) *Book {
	return &Book{Dir: dir,
		TXT: func(context.Context, string) ([]string, error) {
			if w.id == "" {
				return nil, w.dnsErr
			}
			return []string{"v=STSv1; id=" + w.id}, w.dnsErr
		},
		Fetch: func(context.Context, string) (string, error) { w.fetched++; return w.text, w.fetchErr },
		Now:   func() time.Time { return w.now },
	}
}

const strict = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n"

func TestAPolicyHoldsUntilItIsTooOld(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "mta-sts")
	w := &world{id: "1", text: strict, now: time.Now()}
	holds := func(step string, want bool, fetched int) {
		t.Helper()
		p, ok := w.book(dir).Policy(t.Context(), "example.org") // each time another process
		if ok != want || want && p.Mode != Enforce || w.fetched != fetched {
			t.Errorf("%s: %v %v, fetched %d times", step, p, ok, w.fetched)
		}
	}
	holds("it is fetched", true, 1)
	holds("it is kept", true, 1)
	w.dnsErr = errors.New("timeout")
	holds("DNS fails", true, 1)
	w.id, w.dnsErr = "", nil
	holds("somebody hides the record", true, 1)
	w.id, w.fetchErr = "2", errors.New("refused")
	holds("a new one cannot be fetched", true, 2)
	w.fetchErr, w.text = nil, "<html>"
	w.now = w.now.Add(rest)
	holds("the new one is nonsense", true, 3)
	w.id = ""
	w.now = w.now.Add(25 * time.Hour)
	holds("it is too old", false, 3)
	w.now = w.now.Add(-72 * time.Hour)
	holds("the clock was set back", false, 3)
	w.id, w.text = "3", strict
	holds("it is published again", true, 4)
	w.id, w.text = "4", "version: STSv1\nmode: none\nmax_age: 86400\n"
	holds("it is taken back", false, 5)
	holds("and stays so", false, 5)
}

// TestWhatCouldNotBeHadIsLeftAloneForAWhile, by all processes, until something new is
// published or it has rested.
func TestWhatCouldNotBeHadIsLeftAloneForAWhile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mta-sts")
	w := &world{id: "1", fetchErr: errors.New("silent"), now: time.Now()}
	asks := func(step string, want bool, fetched int) {
		t.Helper()
		for range 20 {
			if p, ok := w.book(dir).Policy(t.Context(), "example.org"); ok != want {
				t.Errorf("%s: %v %v", step, p, ok)
			}
		}
		if w.fetched != fetched {
			t.Errorf("%s: fetched %d times, want %d", step, w.fetched, fetched)
		}
	}
	asks("it is silent", false, 1)
	w.now = w.now.Add(rest - time.Second)
	asks("it rests still", false, 1)
	w.id = "2"
	asks("another one is published", false, 2)
	w.now = w.now.Add(-time.Hour)
	asks("the clock was set back", false, 3)
	w.now = w.now.Add(rest)
	w.fetchErr, w.text = nil, "<html>"
	asks("it is nonsense", false, 4)
	w.now, w.text = w.now.Add(rest), strict
	asks("it is there", true, 5)
	w.id, w.fetchErr = "3", errors.New("silent")
	asks("the next one cannot be had", true, 6)
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("%d files", len(names))
	}
	w.id = "4"
	told, end := context.WithCancel(t.Context())
	end()
	w.book(dir).Policy(told, "example.org")
	w.fetchErr = nil
	asks("it was not the domain that broke it off", true, 8)
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%d files", len(names))
	}
}

func TestNothingIsKeptWhereOthersCanWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	w := &world{id: "1", text: strict, now: time.Now()}
	for range 2 {
		if _, ok := w.book(dir).Policy(t.Context(), "example.org"); !ok {
			t.Error("no policy")
		}
	}
	if names, _ := os.ReadDir(dir); w.fetched != 2 || len(names) != 0 {
		t.Errorf("fetched %d times, %d files", w.fetched, len(names))
	}
}

func TestADamagedFileIsFetchedAgain(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w := &world{id: "1", text: strict, now: time.Now()}
	b := w.book(dir)
	for _, damage := range []string{"", "{", `{"id":"1","policy":"x"}`, `{"id":"1","fetched":"2999-01-01T00:00:00Z","policy":"version: STSv1\nmode: none\nmax_age: 1"}`, strings.Repeat("[", 1<<20)} {
		if err := os.WriteFile(b.file("example.org", policySuffix), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.Policy(t.Context(), "example.org"); !ok {
			t.Errorf("%.20q: no policy", damage)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%d files", len(names))
	}
}

func TestADomainIsNoPath(t *testing.T) {
	for _, domain := range []string{"../x", "/etc/passwd", ".", "", "a/b", strings.Repeat("a.", 120) + "a"} {
		if f := (&Book{Dir: "/d"}).file(domain, policySuffix); f != "" {
			t.Errorf("%q is kept in %q", domain, f)
		}
	}
}

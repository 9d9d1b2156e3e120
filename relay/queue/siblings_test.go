package queue

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"mailchute/headers/address"
)

// twins is a queue with a message that has two envelopes.
func twins(t testing.TB) (q *Queue, ids []string) {
	t.Helper()
	q = fresh(t)
	ids, err := q.AcceptAll([]Entry{letter("list@example.org"), letter("old@example.org")})
	if err != nil {
		t.Fatal(err)
	}
	return q, ids
}

func siblings(t testing.TB, it *Item) *Siblings {
	t.Helper()
	s, err := it.Siblings(t.Context())
	if err != nil || s == nil {
		t.Fatalf("%v, %v", s, err)
	}
	return s
}

func TestSiblingsKnowWhoIsServed(t *testing.T) {
	q, ids := twins(t)
	first := acquire(t, q, ids[0])
	s := siblings(t, first)
	if err := s.Add(addr("list@example.org"), addr("list@example.org"), addr("jörg@example.org")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := first.Remove(); err != nil {
		t.Fatal(err)
	}
	second := acquire(t, open(t, q.Path()), ids[1]) // another process
	defer second.Release()
	s = siblings(t, second)
	defer s.Close()
	if want := []address.Addr{addr("list@example.org"), addr("jörg@example.org")}; !slices.Equal(s.Served, want) {
		t.Errorf("served %v, want %v", s.Served, want)
	}
}

func TestAnOnlyEnvelopeHasNoSiblings(t *testing.T) {
	q := fresh(t)
	ids, err := q.AcceptAll([]Entry{letter("a@example.org")})
	if err != nil {
		t.Fatal(err)
	}
	it := acquire(t, q, ids[0])
	defer it.Release()
	if s, err := it.Siblings(t.Context()); s != nil || err != nil {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(q.Path(), servedDir)); err == nil {
		t.Error("a list was made for nobody")
	}
}

func TestSiblingsAreSentOneAfterTheOther(t *testing.T) {
	q, ids := twins(t)
	first, second := acquire(t, q, ids[0]), acquire(t, q, ids[1])
	defer first.Release()
	defer second.Release()
	s := siblings(t, first)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := second.Siblings(ctx); s != nil || !errors.Is(err, ErrBusy) {
		t.Errorf("while the first is being sent: %v, %v", s, err)
	}
	waited := make(chan []address.Addr)
	go func() {
		s, err := second.Siblings(context.Background())
		if err != nil {
			t.Error(err)
			close(waited)
			return
		}
		defer s.Close()
		waited <- s.Served
	}()
	if err := s.Add(addr("list@example.org")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if served := <-waited; len(served) != 1 {
		t.Errorf("the second knows %v", served)
	}
}

func TestALineOfSiblingsThatACrashCutOffSaysNothing(t *testing.T) {
	q, ids := twins(t)
	it := acquire(t, q, ids[0])
	defer it.Release()
	f, err := os.OpenFile(filepath.Join(q.Path(), servedDir, it.Family), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"served":{"local":"list","dom`)
	f.Close()
	s := siblings(t, it)
	if len(s.Served) != 0 {
		t.Errorf("served %v", s.Served)
	}
	if err := s.Add(addr("a@example.org")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = siblings(t, it)
	defer s.Close()
	if want := []address.Addr{addr("a@example.org")}; !slices.Equal(s.Served, want) {
		t.Errorf("served %v, want %v", s.Served, want)
	}
}

func TestTheListGoesWithTheLastOfTheSiblings(t *testing.T) {
	q, ids := twins(t)
	later := time.Now().Add(2 * leftover)
	lists := func(now time.Time) int {
		t.Helper()
		for _, err := range q.Sweep(now) {
			t.Error(err)
		}
		names, err := os.ReadDir(filepath.Join(q.Path(), servedDir))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	first, second := acquire(t, q, ids[0]), acquire(t, q, ids[1])
	if err := first.Remove(); err != nil {
		t.Fatal(err)
	}
	second.Envelope.Recipients[0].Apply(refused)
	if err := second.Fail(noon); err != nil {
		t.Fatal(err)
	}
	if n := lists(later); n != 1 {
		t.Errorf("%d lists while one may be tried again by hand", n)
	}
	if err := q.Delete(ids[1]); err != nil {
		t.Fatal(err)
	}
	if n := lists(time.Now()); n != 1 {
		t.Errorf("%d lists at once: one may be in the making", n)
	}
	if n := lists(later); n != 0 {
		t.Errorf("%d lists when nobody is left", n)
	}
}

// FuzzSiblings: whatever stands in a list, what is added to it is read again.
func FuzzSiblings(f *testing.F) {
	f.Add([]byte(`{"id":"0123456789abcd"}` + "\n" + `{"served":{"local":"a","domain":"example.org"}}` + "\n"))
	f.Add([]byte(`{"served":{"local":"a","dom`))
	f.Add([]byte("\x00{}\n[]\n{\"served\":1}"))
	q, ids := twins(f)
	it := acquire(f, q, ids[0])
	path := filepath.Join(q.Path(), servedDir, it.Family)
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		s := siblings(t, it)
		known := len(s.Served)
		if err := s.Add(addr("new@example.org")); err != nil {
			t.Fatal(err)
		}
		known = max(known, len(s.Served))
		s.Close()
		s = siblings(t, it)
		defer s.Close()
		if !slices.Contains(s.Served, addr("new@example.org")) || len(s.Served) != known {
			t.Errorf("%v is read of %q", s.Served, b)
		}
	})
}

package queue

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// hoard makes n empty files with the names of messages, in no order.
func hoard(t testing.TB, n int) (*Queue, []string) {
	t.Helper()
	q := fresh(t)
	d, err := q.made(messageDir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range n {
		id, err := newID(noon.Add(time.Duration((i*7919)%n) * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d.join(id), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	slices.Sort(all)
	return q, all
}

func TestADirectoryOfAnySizeIsReadInOrder(t *testing.T) {
	for _, n := range []int{0, 1, batch, 2*batch + 17} {
		q, want := hoard(t, n)
		d := q.subs[messageDir]
		var got []string
		if err := d.sorted(func(id string) bool { got = append(got, id); return true }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d names: got %d", n, len(got))
		}
	}
}

func TestAFlushMayRemoveWhatItIsGiven(t *testing.T) {
	q, want := hoard(t, batch+100)
	n := 0
	for id, err := range q.Ready(time.Now()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(q.path, messageDir, id)); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != len(want) {
		t.Errorf("%d of %d", n, len(want))
	}
}

func TestOldestFirst(t *testing.T) {
	q := fresh(t)
	var want []string
	for i := range 5 {
		e := letter("a@example.org")
		e.Submitted = noon.Add(-time.Duration(i) * time.Millisecond)
		want = append(want, accept(t, q, e))
	}
	slices.Reverse(want)
	if got := ids(t, q.Due(noon, time.Hour)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsDue(t *testing.T) {
	const longest = 4 * time.Hour
	tried := func(last, next time.Time) func(*Entry) {
		return func(e *Entry) {
			e.Envelope.Recipients[0].Apply(deferred)
			e.Retries = []Retry{{Attempts: 1, Last: last, Next: next}}
		}
	}
	for name, c := range map[string]struct {
		set        func(*Entry)
		now        time.Time
		due, ready bool
	}{
		"a new message":                     {func(*Entry) {}, noon, true, true},
		"one that waits":                    {tried(noon, noon.Add(time.Hour)), noon.Add(time.Minute), false, true},
		"one whose time has come":           {tried(noon, noon.Add(time.Hour)), noon.Add(time.Hour), true, true},
		"a new one, the clock went back":    {func(*Entry) {}, noon.Add(-time.Hour), true, true},
		"a new one, the clock went far":     {func(*Entry) {}, noon.Add(-20 * 365 * 24 * time.Hour), true, true},
		"a tried one, the clock went far":   {tried(noon, noon.Add(time.Hour)), noon.Add(-30 * 24 * time.Hour), true, true},
		"a tried one, the clock went back":  {tried(noon.Add(time.Minute), noon.Add(time.Hour)), noon.Add(-time.Minute), true, true},
		"an interval that is now forbidden": {tried(noon, noon.Add(9*time.Hour)), noon.Add(time.Minute), false, true},
		"a wish for a later hour":           {func(e *Entry) { e.NotBefore = noon.Add(48 * time.Hour) }, noon, false, false},
		"a wish whose hour has come":        {func(e *Entry) { e.NotBefore = noon.Add(48 * time.Hour) }, noon.Add(48 * time.Hour), true, true},
		"a held one":                        {func(e *Entry) { e.Held = true }, noon.Add(time.Hour), false, false},
		"one that only has to be finished":  {func(e *Entry) { e.Envelope.Recipients[0].Apply(delivered) }, noon, true, true},
	} {
		q := fresh(t)
		e := letter("a@example.org")
		c.set(&e)
		id := accept(t, q, e)
		for range 2 { // as it was accepted, then with a state of its own
			if got := ids(t, q.Due(c.now, longest)); (len(got) == 1) != c.due {
				t.Errorf("%s: due %q", name, got)
			}
			if got := ids(t, q.Ready(c.now)); (len(got) == 1) != c.ready {
				t.Errorf("%s: ready %q", name, got)
			}
			it := acquire(t, q, id)
			if err := it.Update(); err != nil {
				t.Fatal(err)
			}
			it.Release()
		}
	}
}

func TestIDs(t *testing.T) {
	var last string
	for i := range 2000 {
		at := noon.Add(time.Duration(i) * 16 * time.Microsecond)
		id, err := newID(at)
		if err != nil {
			t.Fatal(err)
		}
		if !isID(id) || id <= last {
			t.Fatalf("%q after %q", id, last)
		}
		if d := at.Sub(created(id)); d < 0 || d > 16*time.Microsecond {
			t.Fatalf("%q says %v, made from %v", id, created(id), at)
		}
		last = id
	}
	for _, at := range []time.Time{{}, time.Unix(-1, 0), time.Unix(1<<33, 0)} {
		if id, err := newID(at); err != nil || !isID(id) {
			t.Errorf("%v: %q %v", at, id, err)
		}
	}
	for i := range digits {
		if digit(digits[i]) != i {
			t.Errorf("digit %q", digits[i])
		}
	}
	for _, no := range []string{"", "short", "0000000000000i", "0000000000000A", "../00000000000", "00000000000000x"} {
		if isID(no) {
			t.Errorf("%q is no id", no)
		}
	}
}

func TestRoutes(t *testing.T) {
	q := fresh(t)
	if _, ok := q.RouteHold("main"); ok {
		t.Error("a hold from nowhere")
	}
	if err := q.FreeRoute("main"); err != nil {
		t.Error(err)
	}
	names := []string{"", "main", "..", "a/b", "a%2Fb", "x\n\x00", string(make([]byte, 5000)), string(make([]byte, 5001)), "jürgen"}
	for i, n := range names {
		h := RouteHold{Name: n, Since: noon, Set: noon, Until: noon.Add(time.Minute), Attempts: i, Reason: "connection refused"}
		if err := q.HoldRoute(h); err != nil {
			t.Fatalf("%q: %v", n, err)
		}
	}
	for i, n := range names {
		if h, ok := q.RouteHold(n); !ok || h.Attempts != i {
			t.Errorf("%q: %+v %v", n, h, ok)
		}
	}
	if hs, err := q.RouteHolds(); err != nil || len(hs) != len(names) {
		t.Errorf("%d holds, %v", len(hs), err)
	}
	if err := q.FreeRoute("main"); err != nil {
		t.Error(err)
	}
	if _, ok := q.RouteHold("main"); ok {
		t.Error("still held")
	}
	h := RouteHold{Set: noon, Until: noon.Add(time.Minute)}
	for at, want := range map[time.Duration]bool{0: true, 59 * time.Second: true, time.Minute: false, -time.Second: false} {
		if h.Active(noon.Add(at)) != want {
			t.Errorf("at %v: active is %v", at, !want)
		}
	}
}

func FuzzMessageFile(f *testing.F) {
	s, err := submissionOf(func() *Entry { e := letter("a@example.org"); e.complete(); return &e }())
	if err != nil {
		f.Fatal(err)
	}
	head, err := appendHead(nil, &s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fmt.Appendf(head, "Subject: hi\r\n\r\nhello\n"))
	f.Add([]byte(magic + "1\n{}\n"))
	f.Add([]byte(magic + "2\n"))
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		s, _, header, err := readHead(file, int64(len(b)), 64)
		if err != nil {
			return
		}
		if header+s.Header+2+s.Body.Size != int64(len(b)) {
			t.Fatal("the sizes do not add up")
		}
		if e, err := s.entry(); err == nil {
			e.Summary()
			e.Wake(noon)
		}
	})
}

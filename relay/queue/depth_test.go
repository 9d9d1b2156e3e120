package queue

import (
	"testing"
	"time"
)

func TestTheDepthIsWhatWaitsAndSinceWhen(t *testing.T) {
	q := fresh(t)
	if n, oldest, err := q.Depth(); n != 0 || !oldest.IsZero() || err != nil {
		t.Errorf("a queue that is not there: %d, %v, %v", n, oldest, err)
	}
	empty := func(want bool) {
		t.Helper()
		if got, err := q.Empty(); got != want || err != nil {
			t.Errorf("empty: %t, %v", got, err)
		}
	}
	empty(true)
	late := letter("b@example.org")
	late.Submitted = noon.Add(time.Hour)
	accept(t, q, late)
	first := accept(t, q, letter("a@example.org"))
	failed := letter("c@example.org")
	failed.Submitted = noon.Add(-time.Hour)
	if err := acquire(t, q, accept(t, q, failed)).Fail(noon); err != nil {
		t.Fatal(err)
	}
	empty(false)
	n, oldest, err := q.Depth()
	if err != nil || n != 2 || oldest.Sub(created(first)) != 0 {
		t.Errorf("%d, %v, %v", n, oldest, err)
	}
}

func BenchmarkDepthOf100000(b *testing.B) {
	q, _ := hoard(b, 100_000)
	for b.Loop() {
		if n, _, err := q.Depth(); n != 100_000 || err != nil {
			b.Fatal(n, err)
		}
	}
}

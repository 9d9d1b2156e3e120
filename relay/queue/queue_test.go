package queue

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"mailchute/relay/envelope"
)

func TestTheWayOfAMessage(t *testing.T) {
	q := fresh(t)
	id := accept(t, q, letter("a@example.org", "b@example.org"))
	it := acquire(t, q, id)
	if n := it.Wake(noon); n != 2 {
		t.Fatalf("%d recipients are open, want 2", n)
	}
	it.Envelope.Recipients[0].Apply(delivered)
	it.Envelope.Recipients[1].Apply(deferred)
	it.Retries[1] = Retry{Attempts: 1, Last: noon, Next: noon.Add(time.Minute)}
	if err := it.Update(); err != nil {
		t.Fatal(err)
	}
	it.Release()

	later := noon.Add(2 * time.Minute)
	if got := ids(t, q.Due(noon, time.Hour)); got != nil {
		t.Errorf("due before its time: %q", got)
	}
	if got := ids(t, q.Due(later, time.Hour)); !slices.Equal(got, []string{id}) {
		t.Errorf("not due in time: %q", got)
	}
	if got := ids(t, q.Ready(noon)); !slices.Equal(got, []string{id}) {
		t.Errorf("a flush does not see it: %q", got)
	}

	it = acquire(t, q, id)
	if n := it.Wake(noon); n != 0 {
		t.Errorf("%d recipients woke too early", n)
	}
	if n := it.Wake(later); n != 1 {
		t.Errorf("%d recipients woke, want 1", n)
	}
	it.Envelope.Recipients[1].Apply(refused)
	if err := it.Fail(later); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, q.List()); got != nil {
		t.Errorf("still in the queue: %q", got)
	}
	if got := listed(t, q.ListFailed()); !slices.Equal(got, []string{id}) {
		t.Fatalf("among the failed: %q", got)
	}

	if err := q.Retry(id, later); err != nil {
		t.Fatal(err)
	}
	it = acquire(t, q, id)
	if n := it.Wake(later); n != 1 || !it.Since.Equal(later) || it.Envelope.Recipients[0].Outcome.State != envelope.Delivered {
		t.Errorf("after a retry: %d open, since %v, first %v", n, it.Since, it.Envelope.Recipients[0].Outcome.State)
	}
	if err := it.Remove(); err != nil {
		t.Fatal(err)
	}
	if left := files(t, q); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestFailedOnesExpire(t *testing.T) {
	q := fresh(t)
	var all []string
	for i := range 3 {
		id := accept(t, q, letter("a@example.org"))
		it := acquire(t, q, id)
		it.Envelope.Recipients[0].Apply(refused)
		if err := it.Fail(noon.Add(time.Duration(i) * time.Hour)); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	n, err := q.Expire(noon.Add(90 * time.Minute))
	if n != 2 || err != nil {
		t.Errorf("%d expired, %v", n, err)
	}
	if got := listed(t, q.ListFailed()); !slices.Equal(got, all[2:]) {
		t.Errorf("left %q, want %q", got, all[2:])
	}
}

func TestTheSpoolHasNoName(t *testing.T) {
	q := fresh(t)
	f, err := q.Spool()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("body"); err != nil {
		t.Error(err)
	}
	if left := files(t, q); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAnAbsentQueueIsEmpty(t *testing.T) {
	q := fresh(t)
	if got := ids(t, q.Due(noon, time.Hour)); got != nil {
		t.Error(got)
	}
	if got := append(listed(t, q.List()), listed(t, q.ListFailed())...); got != nil {
		t.Error(got)
	}
	if _, err := q.Acquire("00000000000000"); err != ErrGone {
		t.Error(err)
	}
	if errs := q.Sweep(noon); errs != nil {
		t.Error(errs)
	}
	if _, err := q.Expire(noon); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(q.path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a look made the directory")
	}
}

package queue

import (
	"slices"
	"testing"
	"time"
)

func TestHands(t *testing.T) {
	q := fresh(t)
	id := accept(t, q, letter("a@example.org"))
	if err := q.Hold(id); err != nil {
		t.Fatal(err)
	}
	week := noon.Add(7 * 24 * time.Hour)
	if got := append(ids(t, q.Ready(week)), ids(t, q.Due(week, time.Hour))...); got != nil {
		t.Errorf("a held message would be sent: %q", got)
	}
	if err := q.Retry(id, noon); err != ErrHeld {
		t.Errorf("retry of a held message: %v, want ErrHeld", err)
	}
	if err := q.Unhold(id); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, q.Due(noon, time.Hour)); !slices.Equal(got, []string{id}) {
		t.Errorf("not due after its release: %q", got)
	}
	it := acquire(t, q, id)
	for name, err := range map[string]error{"hold": q.Hold(id), "delete": q.Delete(id), "retry": q.Retry(id, noon)} {
		if err != ErrBusy {
			t.Errorf("%s while it is being sent: %v, want ErrBusy", name, err)
		}
	}
	if e, err := q.Show(id); err != nil || e.Message == nil {
		t.Errorf("show while it is being sent: %v", err)
	}
	it.Release()
	if err := q.Delete(id); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{id, "../../etc/passwd", "", "nosuchid000000"} {
		if err := q.Hold(id); err != ErrGone {
			t.Errorf("hold %q: %v, want ErrGone", id, err)
		}
		if _, err := q.Show(id); err != ErrGone {
			t.Errorf("show %q: %v, want ErrGone", id, err)
		}
	}
}

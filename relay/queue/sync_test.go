package queue

import (
	"slices"
	"testing"

	"mailchute/relay/envelope"
)

func TestAcceptIsTwoFsyncs(t *testing.T) {
	q := fresh(t)
	accept(t, q, letter("a@example.org")) // makes the directories
	var steps []string
	q = open(t, q.path)
	q.hook = func(step, path string) error { steps = append(steps, step); return nil }
	accept(t, q, letter("b@example.org"))
	want := []string{"create", "write", "touch", "fsync", "rename", "fsync"}
	if !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
}

func TestAStateIsSyncedWhenALossWouldDoHarm(t *testing.T) {
	for name, c := range map[string]struct {
		outcome envelope.Outcome
		fsyncs  int
	}{
		"a delivery, for it would be sent twice": {delivered, 2},
		"a failure, for it would be told twice":  {refused, 2},
		"not another try later":                  {deferred, 0},
	} {
		q := fresh(t)
		it := acquire(t, q, accept(t, q, letter("a@example.org", "b@example.org")))
		if err := it.Update(); err != nil { // makes the folder
			t.Fatal(err)
		}
		n := 0
		hook := func(step, path string) error {
			if step == "fsync" {
				n++
			}
			return nil
		}
		for _, d := range q.subs {
			d.hook = hook
		}
		it.Envelope.Recipients[0].Apply(c.outcome)
		if err := it.Update(); err != nil || n != c.fsyncs {
			t.Errorf("%s: %d fsyncs, want %d: %v", name, n, c.fsyncs, err)
		}
	}
}

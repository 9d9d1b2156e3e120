package queue

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestASummaryTellsWhatPeopleAskFor(t *testing.T) {
	q := fresh(t)
	e := letter("a@example.org", "b@example.org")
	e.Account = "work"
	it := acquire(t, q, accept(t, q, e))
	it.Envelope.Recipients[0].Apply(delivered)
	it.Envelope.Recipients[1].Apply(deferred)
	it.Retries[1] = Retry{Attempts: 2, Last: noon, Next: noon.Add(time.Minute)}
	if err := it.Update(); err != nil {
		t.Fatal(err)
	}
	for e, err := range q.List() {
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%+v", e.Summary())
		for _, want := range []string{"Account:work", "Sender:alice@example.net", "Recipients:[b@example.org]", "Size:21",
			"Attempts:2", "12:01:00", "LastError:450 4.2.1 busy", "Held:false", "State:delivered"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in %s", want, got)
			}
		}
	}
}

package serve

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheBacklogGivesEachUserATurn(t *testing.T) {
	b := newBacklog()
	b.add("flood", "f1", "f2", "f3", "f4")
	b.add("one", "o1")
	b.add("two", "t1", "t2")
	if got := b.take(5); !slices.Equal(got, []string{"f1", "o1", "t1", "f2", "t2"}) {
		t.Errorf("%q", got)
	}
	if len(b.more) != 1 {
		t.Error("nobody is told of what is left")
	}
	if got := b.take(5); !slices.Equal(got, []string{"f3", "f4"}) || len(b.take(5)) != 0 || len(b.waiting) != 0 {
		t.Errorf("%q", got)
	}
}

func TestTheBacklogIsBounded(t *testing.T) {
	b := newBacklog()
	b.add("flood", make([]string, maxBacklog-1)...)
	b.add("one", "o1", "o2")
	b.add("two", "t1")
	if got := b.take(maxBacklog + 2); len(got) != maxBacklog || len(b.waiting) != 0 || len(b.turns) != 0 {
		t.Errorf("%d ids, users %q", len(got), b.turns)
	}
	b.add("two", "t2")
	if got := b.take(1); !slices.Equal(got, []string{"t2"}) {
		t.Errorf("%q", got)
	}
}

func TestAWorkerThatHasAConnectionIsCalledFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog()
		called := make(chan bool)
		go func() { called <- b.wait(t.Context()) }()
		synctest.Wait()
		b.add("a", "a1")
		if !<-called || len(b.more) > 0 {
			t.Errorf("%d others were called", len(b.more))
		}
		b.add("a", "a2")
		if len(b.more) == 0 {
			t.Error("nobody was called, though nobody has a connection")
		}
		if !b.wait(t.Context()) {
			t.Error("a call that came early was not heard")
		}
		if began := time.Now(); b.wait(t.Context()) || time.Since(began) != linger {
			t.Errorf("a connection is kept for %v", time.Since(began))
		}
	})
}

func TestWhatIsAskedForTwiceIsTriedOnce(t *testing.T) {
	b := newBacklog()
	b.add("joe", "1", "2")
	for range 100 {
		b.ask("joe", "2", "3")
	}
	if got := strings.Join(b.take(100), ""); got != "123" {
		t.Error(got)
	}
}

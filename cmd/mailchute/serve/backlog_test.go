package serve

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mailchute/relay/runner"
)

// fresh is the share of a user's new mail.
func fresh(user string) share { return share{user: user} }

// take is the ids that one worker gets of n, one behind the other.
func take(b *backlog, n int) string {
	w := &worker{backlog: b}
	defer w.rest()
	var ids []string
	for range n {
		if t, ok := w.take(); ok {
			ids = append(ids, t.ID)
		}
	}
	return strings.Join(ids, " ")
}

// crowd is n messages of a user.
func crowd(user string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint(user, i))
	}
	return ids
}

func TestTheBacklogGivesEachUserATurn(t *testing.T) {
	b := newBacklog(2)
	b.add(fresh("flood"), "f1", "f2", "f3", "f4")
	b.add(fresh("one"), "o1")
	b.add(fresh("two"), "t1", "t2")
	if got := take(b, 5); got != "f1 o1 t1 f2 t2" {
		t.Error(got)
	}
	if len(b.more) != 1 {
		t.Error("nobody is told of what is left")
	}
	if got := take(b, 5); got != "f3 f4" || take(b, 5) != "" || len(b.waiting) != 0 || len(b.early) != 0 {
		t.Error(got)
	}
}

func TestNewMailOfAUserHasATurnBesideHisOld(t *testing.T) {
	b := newBacklog(2)
	b.add(share{"joe", true}, "old1", "old2", "old3")
	b.add(fresh("joe"), "new")
	if got := take(b, 4); got != "old1 new old2 old3" {
		t.Error(got)
	}
}

func TestAUserHasOneShareOfTheWorkersHoweverOldHisMail(t *testing.T) {
	b := newBacklog(2)
	b.add(share{"flood", true}, "old1", "old2")
	b.add(fresh("flood"), "new1", "new2")
	b.add(fresh("other"), "o1")
	var got []string
	for range 3 {
		turn, _ := (&worker{backlog: b}).take()
		got = append(got, turn.ID)
	}
	if !slices.Equal(got, []string{"old1", "o1", ""}) {
		t.Errorf("%q", got)
	}
}

func TestNobodyHasAllWorkers(t *testing.T) {
	b := newBacklog(8)
	busy := func(s share) (all []*worker) { // all that it gets
		for {
			w := &worker{backlog: b}
			if _, ok := w.take(); !ok {
				return all
			}
			if w.of != s {
				t.Fatalf("%v got a worker that was meant for %v", w.of, s)
			}
			all = append(all, w)
		}
	}
	var first []*worker
	for i, want := range []int{4, 2, 1, 1, 0} {
		s := fresh(fmt.Sprint("user", i))
		b.add(s, crowd(s.user, 20)...)
		all := busy(s)
		if len(all) != want {
			t.Errorf("user %d has %d workers, want %d", i, len(all), want)
		}
		if first == nil {
			first = all
		}
	}
	if _, ok := first[0].take(); !ok || first[0].of != fresh("user4") {
		t.Errorf("a worker that is free again goes to %v and not to who has none", first[0].of)
	}
}

func TestAMessageIsTakenAheadOnlyWhereNobodyWaitsForItLonger(t *testing.T) {
	ahead := func(w *worker) string { t, _ := w.ahead(); return t.ID }
	b := newBacklog(4)
	b.add(fresh("a"), "a1", "a2", "a3", "a4")
	w, other := &worker{backlog: b}, &worker{backlog: b}
	w.take()
	if got := ahead(w); got != "" {
		t.Errorf("%s could have a worker of its own", got)
	}
	other.take()
	if got := ahead(w); got != "a3" {
		t.Errorf("all workers that a may have are busy, and ahead is %q", got)
	}
	b.add(fresh("b"), "b1")
	if got := ahead(w); got != "" {
		t.Errorf("%s is taken ahead though an idle worker can begin with b", got)
	}
	for _, next := range []string{"b1", ""} {
		if turn, _ := (&worker{backlog: b}).take(); turn.ID != next {
			t.Errorf("%q, want %q", turn.ID, next)
		}
	}
	b.add(fresh("b"), "b2") // a has two workers of four, b one
	b.add(fresh("a"), "a5")
	if got := ahead(w); got != "a4" {
		t.Errorf("it is the turn of a, and ahead is %q", got)
	}
	if got := ahead(w); got != "" {
		t.Errorf("%s is taken ahead, and it is the turn of b", got)
	}
	if turn, _ := w.take(); turn.ID != "b2" {
		t.Errorf("%q is next, want b2", turn.ID)
	}
}

func TestTheBacklogIsBounded(t *testing.T) {
	b := newBacklog(2)
	b.add(fresh("flood"), crowd("flood", maxBacklog+10)...)
	b.add(fresh("one"), "o1", "o2")
	if len(b.early) != maxBacklog || len(b.waiting[fresh("flood")]) != maxBacklog-2 {
		t.Errorf("%d messages, %d of them of the flood", len(b.early), len(b.waiting[fresh("flood")]))
	}
	b.ask(fresh("flood"), "flood", "flood0")
	if b.waits("flood") || !b.early["flood0"] {
		t.Error("what waits is not asked for behind one that there is no room for")
	}
	if got := take(b, 3); got != "flood0 o1 flood1" {
		t.Error(got)
	}
}

func TestAWorkerThatHasAConnectionIsCalledFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog(2)
		w := &worker{backlog: b}
		called := make(chan bool)
		go func() { called <- w.wait(t.Context()) }()
		synctest.Wait()
		b.add(fresh("a"), "a1")
		if !<-called || len(b.more) > 0 {
			t.Errorf("%d others were called", len(b.more))
		}
		b.add(fresh("a"), "a2")
		if len(b.more) == 0 {
			t.Error("nobody was called, though nobody has a connection")
		}
		if !w.wait(t.Context()) {
			t.Error("a call that came early was not heard")
		}
		if began := time.Now(); w.wait(t.Context()) || time.Since(began) != linger {
			t.Errorf("a connection is kept for %v", time.Since(began))
		}
	})
}

func TestAWorkerIsReadyWhenItsShareMayHaveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog(2)
		b.add(fresh("a"), "a1", "a2")
		first, second := &worker{backlog: b}, &worker{backlog: b}
		first.take()
		ready := make(chan bool, 1)
		go func() { ready <- second.ready(t.Context()) }()
		synctest.Wait()
		if len(ready) > 0 {
			t.Fatal("a has both workers")
		}
		b.add(fresh("b"), "b1")
		if synctest.Wait(); len(ready) != 1 {
			t.Error("b waits beside an idle worker")
		}
	})
}

func TestWhatIsAskedForTwiceIsTriedOnce(t *testing.T) {
	b := newBacklog(2)
	b.add(fresh("joe"), "1", "2")
	for range 100 {
		b.ask(share{"joe", true}, "2", "3")
	}
	var got []runner.Turn
	w := &worker{backlog: b}
	for turn, ok := w.take(); ok; turn, ok = w.take() {
		got = append(got, turn)
	}
	if want := []runner.Turn{{ID: "1"}, {ID: "3", Early: true}, {ID: "2", Early: true}}; !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

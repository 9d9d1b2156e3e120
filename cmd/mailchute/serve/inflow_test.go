package serve

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTextsComeInAsPlacesBecomeFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newInflow(2)
		var order []int
		enter := func(who int) (leave func()) {
			leave = f.enter(t.Context(), "joe")
			order = append(order, who)
			return leave
		}
		first, second := enter(1), enter(2)
		done := make(chan func(), 2)
		go func() { done <- enter(3) }()
		synctest.Wait()
		go func() { done <- enter(4) }()
		synctest.Wait()
		if len(order) != 2 {
			t.Fatalf("%v came in", order)
		}
		first()
		first() // once is enough
		synctest.Wait()
		if len(order) != 3 || order[2] != 3 {
			t.Errorf("%v came in", order)
		}
		second()
		synctest.Wait()
		if len(order) != 4 {
			t.Errorf("%v came in", order)
		}
		(<-done)()
		(<-done)()
		if f.free != 2 || len(f.waiting) != 0 {
			t.Errorf("%d places are free, %d wait", f.free, len(f.waiting))
		}
	})
}

func TestEachUserHasHisTurn(t *testing.T) {
	f := newInflow(0)
	flood := []chan struct{}{f.wait("flood"), f.wait("flood"), f.wait("flood")}
	other := f.wait("other")
	f.leave()
	f.leave()
	for _, called := range []chan struct{}{flood[0], other} {
		select {
		case <-called:
		default:
			t.Error("one who waited for his turn had none")
		}
	}
	f.withdraw("flood", flood[1])
	f.leave()
	select {
	case <-flood[2]:
	default:
		t.Error("one who has gone was called")
	}
	if len(f.waiting)+len(f.turns)+f.free != 0 {
		t.Errorf("%+v", f)
	}
}

// TestASlowTextStopsNobody, and its place is not given back twice.
func TestASlowTextStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newInflow(1)
		slow := f.enter(t.Context(), "joe")
		began := time.Now()
		next := f.enter(t.Context(), "joe")
		if waited := time.Since(began); waited != textTime {
			t.Errorf("waited for %v", waited)
		}
		slow()
		if f.free != 0 {
			t.Error("a place was given back twice")
		}
		next()
		if f.free != 1 {
			t.Errorf("%d places are free", f.free)
		}
	})
}

func TestNobodyWaitsForAPlaceForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newInflow(0) // a place never comes
		began := time.Now()
		f.enter(t.Context(), "joe")()
		if waited := time.Since(began); waited != longestWait || len(f.waiting) != 0 || f.free != 0 {
			t.Errorf("waited for %v; %d wait, %d places", waited, len(f.waiting), f.free)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		f.enter(ctx, "joe")()
		if len(f.waiting) != 0 {
			t.Error("who has gone still waits")
		}
	})
}

// TestAPlaceThatComesTooLateIsGivenOn: to one who has just stopped waiting for it.
func TestAPlaceThatComesTooLateIsGivenOn(t *testing.T) {
	f := newInflow(1)
	f.withdraw("joe", f.wait("joe"))
	if f.free != 1 {
		t.Errorf("%d places are free", f.free)
	}
}

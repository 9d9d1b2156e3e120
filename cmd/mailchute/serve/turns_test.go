package serve

import (
	"slices"
	"testing"
	"testing/synctest"
)

func TestWhoComesWithManyWaitsBehindHimself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		places := newTurns(2)
		var in []string
		come := func(user string) {
			go func() { places.enter(user); in = append(in, user) }()
			synctest.Wait()
		}
		for range 24 {
			come("flood")
		}
		if come("a"); !slices.Equal(in, []string{"flood", "a"}) {
			t.Errorf("in: %q", in)
		}
		come("b")
		come("c")
		come("b")
		if len(in) != 2 {
			t.Errorf("more than there are places: %q", in)
		}
		for i := 0; i < len(in); i++ {
			places.leave(in[i])
			synctest.Wait()
		}
		if want := []string{"flood", "a", "b", "c", "flood", "b", "flood"}; len(in) != 24+4 || !slices.Equal(in[:len(want)], want) {
			t.Errorf("%d were let in: %q", len(in), in)
		}
		if places.free != 2 || len(places.busy)+len(places.waiting)+len(places.next) != 0 {
			t.Errorf("left: %+v", places)
		}
	})
}

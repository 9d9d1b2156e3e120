package serve

import (
	"sync"
	"time"
)

// rate lets each user do something so many times a minute: all of them at once, or
// evenly, and never more in any two minutes than twice as many. It is the
// generic cell rate algorithm (ITU-T I.371): one time for each user says all.
type rate struct {
	mu    sync.Mutex
	spent map[string]time.Time // the minute of a user is spent up to here; a time that has passed says nothing
	tidy  int                  // how many are kept before the ones that say nothing are forgotten
}

func newRate() *rate { return &rate{spent: map[string]time.Time{}} }

// allow counts, and tells whether it is within perMinute; 0 is no limit. What is not
// allowed is not counted.
func (r *rate) allow(user string, perMinute int, now time.Time) bool {
	if perMinute <= 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	spent := r.spent[user]
	if spent.Before(now) || spent.Sub(now) > time.Minute { // the clock was set back
		spent = now
	}
	spent = spent.Add(time.Minute / time.Duration(perMinute))
	if spent.Sub(now) > time.Minute {
		return false
	}
	r.spent[user] = spent
	r.forget(now)
	return true
}

// forgive takes back what a user did, where perMinute is 1.
func (r *rate) forgive(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.spent, user)
}

// forget drops the users that were idle, whenever there are twice as many as were
// left the last time: a user may have thousands of ids in name spaces of his own.
func (r *rate) forget(now time.Time) {
	if len(r.spent) <= max(r.tidy, 64) {
		return
	}
	for user, spent := range r.spent {
		if !spent.After(now) {
			delete(r.spent, user)
		}
	}
	r.tidy = 2 * len(r.spent)
}

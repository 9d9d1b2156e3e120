package serve

import (
	"sync"
	"time"

	"mailchute/relay/queue"
)

// depth is how much waits in the queue. Other programs change it too, so it is
// counted; however often it is asked for and however much waits, counting takes no
// more than half a hundredth of the time.
type depth struct {
	queue *queue.Queue

	mu     sync.Mutex
	next   time.Time // to count again
	n      int
	oldest time.Time
}

// countEvery is how old a count may be in any case.
const countEvery = 10 * time.Second

// look is the latest count.
func (d *depth) look(now time.Time) (n int, oldest time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Before(d.next) {
		return d.n, d.oldest
	}
	began := time.Now()
	if n, oldest, err := d.queue.Depth(); err == nil {
		d.n, d.oldest = n, oldest
	}
	d.next = now.Add(max(countEvery, 200*time.Since(began)))
	return d.n, d.oldest
}

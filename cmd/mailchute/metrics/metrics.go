// Package metrics counts what a server does, and shows it to Prometheus.
//
// Counters and histograms are counted up by whoever does the work, without a
// lock. A Page is written for each scrape, in the text exposition format, version
// 0.0.4. Serve answers scrapes: one request on a connection, little patience, a
// bounded number at a time, so that no scraper can hold up another for long, or
// the server at all.
//
// Label values come from fixed sets: a label for each address or each user would grow
// without end, and tell strangers who writes to whom.
package metrics

import (
	"slices"
	"sync/atomic"
	"time"
)

// Counter only grows. The zero Counter is ready.
type Counter struct{ n atomic.Uint64 }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Value is the count.
func (c *Counter) Value() float64 { return float64(c.n.Load()) }

// Histogram counts how long things take.
type Histogram struct {
	bounds  []time.Duration // upper bounds of the buckets, growing
	buckets []atomic.Uint64 // one more than there are bounds: what is longer than all
	sum     atomic.Int64    // nanoseconds
}

// NewHistogram makes a histogram with buckets up to each of bounds, which grow.
func NewHistogram(bounds ...time.Duration) *Histogram {
	return &Histogram{bounds: bounds, buckets: make([]atomic.Uint64, len(bounds)+1)}
}

// Observe counts one thing that took d.
func (h *Histogram) Observe(d time.Duration) {
	i, _ := slices.BinarySearch(h.bounds, d)
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

package queue

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func BenchmarkAccept(b *testing.B) {
	q := fresh(b)
	e := letter("bob@example.org")
	e.Message = text(string(make([]byte, 2500)))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			accept(b, q, e)
		}
	})
}

// full is a queue of n messages, made without fsync.
func full(b *testing.B, n int) *Queue {
	b.Helper()
	q := fresh(b)
	first := accept(b, q, letter("bob@example.org"))
	path := filepath.Join(q.path, messageDir)
	content, err := os.ReadFile(filepath.Join(path, first))
	if err != nil {
		b.Fatal(err)
	}
	for i := 1; i < n; i++ {
		id, err := newID(noon.Add(time.Duration(i) * time.Second))
		if err != nil {
			b.Fatal(err)
		}
		copy(content[len(magic)+2+len(`{"id":"`):], id)
		if err := os.WriteFile(filepath.Join(path, id), content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return q
}

func BenchmarkList(b *testing.B) {
	for _, n := range []int{900, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := full(b, n)
			for b.Loop() {
				if got := len(listed(b, q.List())); got != n {
					b.Fatal(got)
				}
			}
		})
	}
}

// BenchmarkDue looks for what is due where nothing is.
func BenchmarkDue(b *testing.B) {
	q := full(b, 10000)
	d := q.subs[messageDir]
	for _, id := range listed(b, q.List()) {
		if err := d.touch(id, noon.Add(48*time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if got := ids(b, q.Due(noon.Add(24*time.Hour), 48*time.Hour)); got != nil {
			b.Fatal(got)
		}
	}
}

// BenchmarkFlush takes each of 10,000 messages and removes it.
func BenchmarkFlush(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		q := full(b, 10000)
		b.StartTimer()
		n := 0
		for id, err := range q.Ready(time.Now()) {
			if err != nil {
				b.Fatal(err)
			}
			it, err := q.Acquire(id)
			if err != nil {
				b.Fatal(err)
			}
			if err := it.Remove(); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 10000 {
			b.Fatal(n)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MB")
}

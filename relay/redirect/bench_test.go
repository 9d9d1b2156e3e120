package redirect

import (
	"fmt"
	"testing"
	"time"
)

// full is a memory that holds as much as one can.
func full(b *testing.B) *Memory {
	m := memory(b)
	var entries []Entry
	for i := range maxEntries {
		entries = append(entries, entry(b, fmt.Sprintf("person%d@somewhere.example", i), fmt.Sprintf("person%d@elsewhere.example", i)))
	}
	must(b, m.Learn(entries...))
	return m
}

func BenchmarkLookupInANewProcess(b *testing.B) {
	m := full(b)
	a := mailbox(b, "person77@somewhere.example")
	for b.Loop() {
		OpenMemory(m.path).Lookup(a)
	}
}

func BenchmarkLookup(b *testing.B) {
	m := full(b)
	a := mailbox(b, "person77@somewhere.example")
	for b.Loop() {
		m.Lookup(a)
	}
}

func BenchmarkConfirm(b *testing.B) {
	m := full(b)
	chain, _ := m.Lookup(mailbox(b, "person77@somewhere.example"))
	for b.Loop() {
		must(b, m.Confirm(chain...))
	}
}

func BenchmarkLearn(b *testing.B) {
	m := full(b)
	e := entry(b, "person77@somewhere.example", "other@elsewhere.example")
	for b.Loop() {
		e.Learned = e.Learned.Add(time.Second)
		must(b, m.Learn(e))
	}
}

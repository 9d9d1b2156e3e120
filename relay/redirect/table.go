package redirect

import (
	"slices"

	"mailchute/headers/address"
)

const (
	maxChain   = 16    // entries that one walk follows
	maxEntries = 10000 // kept; beyond that the oldest go
)

// table is a set of entries, one for each old address, in the order of learning.
type table struct {
	entries []Entry        // a zero Entry is one that was dropped
	at      map[string]int // the key of the old address -> index
}

func (t *table) get(old address.Addr) (Entry, bool) {
	i, ok := t.at[old.Key()]
	if !ok {
		return Entry{}, false
	}
	return t.entries[i], true
}

// known is those of the old addresses that there are entries of.
func (t *table) known(olds []address.Addr) (known []address.Addr) {
	for _, old := range olds {
		if _, ok := t.get(old); ok {
			known = append(known, old)
		}
	}
	return known
}

// still is the old addresses of those entries whose new one is what is known.
func (t *table) still(entries []Entry) (olds []address.Addr) {
	for _, e := range entries {
		if known, ok := t.get(e.Old); ok && known.Same(e) {
			olds = append(olds, e.Old)
		}
	}
	return olds
}

func (t *table) drop(old address.Addr) {
	if i, ok := t.at[old.Key()]; ok {
		t.entries[i] = Entry{}
		delete(t.at, old.Key())
	}
}

// put adds e at the end, instead of what was known of its old address.
func (t *table) put(e Entry) {
	t.drop(e.Old)
	if t.at == nil {
		t.at = make(map[string]int)
	}
	t.at[e.Old.Key()] = len(t.entries)
	t.entries = append(t.entries, e)
}

// learn puts e, unless it yields to what is known of its old address. The count of
// uses goes on while the new address stays. When the new address leads back to the
// old one, the entry that closes the circle goes, or it is e that yields to it.
func (t *table) learn(e Entry) {
	if known, ok := t.get(e.Old); ok {
		same := known.New.Equal(e.New)
		if e.yields(known) {
			if same {
				t.use(e.Old, e.Uses)
			}
			return
		}
		if same {
			e.Uses += known.Uses
		}
	}
	if back, ok := t.closing(e); ok {
		if e.yields(back) {
			return
		}
		t.drop(back.Old)
	}
	t.put(e)
}

// set puts e, and drops what leads back to its old address.
func (t *table) set(e Entry) {
	t.drop(e.Old)
	if back, ok := t.closing(e); ok {
		t.drop(back.Old)
	}
	t.put(e)
}

// closing is the entry that leads back to where e comes from, if there is one.
func (t *table) closing(e Entry) (Entry, bool) {
	at := e.New
	for range maxChain {
		next, ok := t.get(at)
		if !ok || next.New.Equal(e.Old) {
			return next, ok
		}
		at = next.New
	}
	return Entry{}, false
}

// use counts n uses of the entry for this old address.
func (t *table) use(old address.Addr, n int) {
	if i, ok := t.at[old.Key()]; ok {
		t.entries[i].Uses += n
	}
}

// follow walks the entries that start at a. A circle leads nowhere.
func (t *table) follow(a address.Addr) ([]Entry, address.Addr) {
	var chain []Entry
	at := a
	for len(chain) < maxChain {
		e, ok := t.get(at)
		if !ok {
			break
		}
		chain = append(chain, e)
		at = e.New
		if slices.ContainsFunc(chain, func(e Entry) bool { return e.Old.Equal(at) }) {
			return nil, a
		}
	}
	return chain, at
}

// list is the newest maxEntries entries.
func (t *table) list() []Entry {
	all := slices.DeleteFunc(slices.Clone(t.entries), func(e Entry) bool { return e.Code == 0 })
	return all[max(0, len(all)-maxEntries):]
}

package redirect

import (
	"context"
	"sync"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/durable"
)

// freshFor is how long a look at the file counts.
const freshFor = time.Second

// Memory is what 557 replies have taught one user, in one file. Any number of
// processes may use the same file at the same time: each change is read, made
// and written under a lock, and readers see the file before it or after it.
//
// Nothing is opened before it is needed. Lookup looks at the file again at most
// once a second, so what another process learnt is seen soon; to miss it costs
// one more question to the old server and nothing else. A Memory may be used by
// several goroutines.
type Memory struct {
	path string

	mu      sync.Mutex
	checked time.Time // when the file was looked at last
	stamp   stamp     // what it looked like
	known   table
}

// OpenMemory is the memory in the file at path. The file and its directory need
// not be there; the first Learn makes them, for their owner alone.
func OpenMemory(path string) *Memory { return &Memory{path: path} }

// Lookup follows what is remembered of a, through chains. It gives the entries
// it went through in order and the address where the copy shall go, or no entry
// and a itself when there is nothing to follow. Entries that lead in a circle lead
// nowhere: then the server is asked again. A file that cannot be read or is not
// safe to believe holds nothing; List says why.
func (m *Memory) Lookup(a address.Addr) (chain []Entry, final address.Addr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.checked) > freshFor {
		_ = m.refresh() // a memory that fails must not fail the mail
	}
	return m.known.follow(a)
}

// Empty tells whether nothing is remembered, so that nobody needs to ask for each of
// thousands.
func (m *Memory) Empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if time.Since(m.checked) > freshFor {
		_ = m.refresh()
	}
	return len(m.known.at) == 0
}

// Learn remembers entries, each instead of what was known of its old address; but
// what was said where nobody could be sure never takes the place of what was proven,
// nor an earlier word that of a later one (an entry without a time is news).
// When it returns nil, all of them are on disk. One call with many entries
// writes the file once.
func (m *Memory) Learn(entries ...Entry) error {
	for _, e := range entries {
		if err := e.Check(); err != nil {
			return err
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return m.change(func(t *table) {
		for _, e := range entries {
			t.learn(e.written())
		}
	})
}

// Set is Learn for what a person says: it takes the place of whatever is known.
func (m *Memory) Set(e Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	return m.change(func(t *table) { t.set(e.written()) })
}

// Confirm counts one use of each of these entries: a server took a message for the new
// address.
func (m *Memory) Confirm(used ...Entry) error {
	return m.changeKnown(func(t *table) []address.Addr { return t.still(used) }, func(t *table, old address.Addr) { t.use(old, 1) })
}

// Refute drops these entries: their new addresses have come to nothing. What leads
// elsewhere by now, because it was learnt or said since, stays.
func (m *Memory) Refute(wrong ...Entry) error {
	return m.changeKnown(func(t *table) []address.Addr { return t.still(wrong) }, (*table).drop)
}

// Forget drops the entries of these old addresses, so that the next message asks
// the old server again. To forget what is not known is no error.
func (m *Memory) Forget(olds ...address.Addr) error {
	return m.changeKnown(func(t *table) []address.Addr { return t.known(olds) }, (*table).drop)
}

// List is all that is remembered, in the order in which it was learnt. Without a
// file it is empty. An error says why a file that is there is not used.
func (m *Memory) List() ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.refresh()
	return m.known.list(), err
}

// changeKnown applies edit to the old addresses that known finds, and touches nothing
// when it finds none.
func (m *Memory) changeKnown(known func(*table) []address.Addr, edit func(*table, address.Addr)) error {
	m.mu.Lock()
	err := m.refresh()
	some := len(known(&m.known)) > 0
	m.mu.Unlock()
	if err != nil || !some {
		return err
	}
	return m.change(func(t *table) {
		for _, old := range known(t) {
			edit(t, old)
		}
	})
}

// change reads the file, edits what it says and replaces it, alone among all
// processes.
func (m *Memory) change(edit func(*table)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	file := durable.File{Path: m.path}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	unlock, err := file.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	known, broken, err := load(m.path)
	if err != nil {
		return err
	}
	edit(&known)
	if err := setAside(m.path, broken); err != nil {
		return err
	}
	kept, err := save(file, known.list())
	if err != nil {
		return err
	}
	if kept < len(known.at) { // the oldest were left out
		return m.refresh()
	}
	// Nobody else can have replaced it since: what is in the file is known.
	m.known, m.checked = known, time.Now()
	m.stamp, err = stampOf(m.path)
	return err
}

// refresh takes the file in when it is another one than last time. The stamp is
// taken first: a change in between is seen the next time.
func (m *Memory) refresh() error {
	m.checked = time.Now()
	now, err := stampOf(m.path)
	if err == nil && now == m.stamp {
		return nil
	}
	m.stamp, m.known = stamp{}, table{}
	if err != nil {
		return err
	}
	known, _, err := load(m.path)
	if err != nil {
		return err
	}
	m.stamp, m.known = now, known
	return nil
}

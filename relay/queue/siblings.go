package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/headers/address"
)

// Siblings are the envelopes of one message, as a mailing list among its recipients
// makes them. In the queue each is a message of its own, and a redirect may lead one to
// a mailbox of another. So that nobody gets two copies they have one list of the
// mailboxes that have theirs, the file served/FAMILY. It is locked from a look into it
// until what an attempt has brought is added: siblings are sent one after the other.
//
// The file also names the siblings, so that Sweep can see when the last is gone. It is
// only ever added to; a last line that a crash has cut off says nothing.
type Siblings struct {
	Family string         // for Entry.Family
	Served []address.Addr // mailboxes that have a copy

	p     *pending
	known map[address.Addr]bool // Served
}

// sibling is a line of the list: the id of one of them, or a mailbox that is served.
type sibling struct {
	ID     string   `json:"id,omitempty"`
	Served *mailbox `json:"served,omitempty"`
}

// maxServed bounds what is read of a list.
const maxServed = 512 << 20

// NewSiblings begins a family. It is held until Close.
func (q *Queue) NewSiblings(now time.Time) (*Siblings, error) {
	family, err := newID(now)
	if err != nil {
		return nil, err
	}
	return q.siblings(context.Background(), family)
}

// Siblings waits for those that are being sent at this moment, and holds the family
// until Close. It is nil for the only envelope of a message. Where ctx ends before
// that, the error is ErrBusy.
func (it *Item) Siblings(ctx context.Context) (*Siblings, error) {
	if !isID(it.Family) {
		return nil, nil
	}
	return it.q.siblings(ctx, it.Family)
}

func (q *Queue) siblings(ctx context.Context, family string) (*Siblings, error) {
	d, err := q.made(servedDir)
	if err != nil {
		return nil, err
	}
	if err := d.hook.before("create", d.join(family)); err != nil {
		return nil, err
	}
	f, err := d.file(family, unix.O_RDWR|unix.O_CREAT|unix.O_APPEND)
	if err != nil {
		return nil, err
	}
	s := &Siblings{Family: family, p: &pending{d: d, f: f, name: family}, known: map[address.Addr]bool{}}
	if d.give {
		err = f.Chown(d.uid, d.gid)
	}
	if err == nil {
		err = waitFor(ctx, f)
	}
	var lines []sibling
	if err == nil {
		lines, err = readSiblings(f)
	}
	if err != nil {
		f.Close()
		return nil, d.fail("lock", family, err)
	}
	for _, l := range lines {
		if l.Served != nil {
			s.learn(address.Addr(*l.Served))
		}
	}
	return s, nil
}

// pause is how often a lock that is held is asked for again.
const pause = 20 * time.Millisecond

// waitFor takes the exclusive lock of f once nobody else has it, until ctx ends.
func waitFor(ctx context.Context, f *os.File) error {
	for {
		if err := flock(f); err != ErrBusy {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ErrBusy
		}
	}
}

func readSiblings(r io.Reader) (lines []sibling, err error) {
	text, err := io.ReadAll(io.LimitReader(r, maxServed))
	for line := range bytes.Lines(text) {
		var l sibling
		if json.Unmarshal(line, &l) == nil {
			lines = append(lines, l)
		}
	}
	return lines, err
}

// Join names messages that were accepted with this Family.
func (s *Siblings) Join(ids ...string) error {
	var lines []sibling
	for _, id := range ids {
		lines = append(lines, sibling{ID: id})
	}
	return s.add(lines)
}

// Add puts mailboxes on the list. They are on disk when it returns.
func (s *Siblings) Add(served ...address.Addr) error {
	var lines []sibling
	for _, a := range served {
		if s.learn(a) {
			lines = append(lines, sibling{Served: (*mailbox)(&a)})
		}
	}
	return s.add(lines)
}

// learn tells whether a was not known as served.
func (s *Siblings) learn(a address.Addr) bool {
	if s.known[a] {
		return false
	}
	s.known[a] = true
	s.Served = append(s.Served, a)
	return true
}

func (s *Siblings) add(lines []sibling) error {
	if len(lines) == 0 {
		return nil
	}
	text := []byte("\n") // behind a line that was cut off
	for _, l := range lines {
		line, err := json.Marshal(l)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	if _, err := s.p.Write(text); err != nil {
		return err
	}
	return s.p.sync()
}

// Close lets the family go.
func (s *Siblings) Close() { s.p.close() }

// unlessGone is err, but for what another sweep has removed.
func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// bury removes the list of a family of which nobody is left.
func (q *Queue) bury(d *dir, family string, now time.Time) error {
	st, err := d.stat(family)
	if err != nil || now.Sub(st.mtime) < leftover {
		return unlessGone(err)
	}
	f, err := d.file(family, unix.O_RDONLY)
	if err != nil {
		return unlessGone(err)
	}
	defer f.Close()
	lines, err := readSiblings(f)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if isID(l.ID) {
			if gone, err := q.orphan(l.ID); err != nil || !gone {
				return err
			}
		}
	}
	return d.remove(family)
}

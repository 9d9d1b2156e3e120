package queue

import (
	"errors"
	"io/fs"
	"iter"
	"os"

	"golang.org/x/sys/unix"

	"mailchute/relay/envelope"
)

// List is the messages in the queue, oldest first, without their text. Nothing is
// locked, so a listing never keeps a message from being sent. An error about one
// message comes with its id; then the list goes on.
func (q *Queue) List() iter.Seq2[Entry, error] { return q.list(messageDir) }

// ListFailed is the messages that failed for good.
func (q *Queue) ListFailed() iter.Seq2[Entry, error] { return q.list(failedDir) }

func (q *Queue) list(folder string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		d, err := q.sub(folder)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				yield(Entry{}, err)
			}
			return
		}
		err = d.sorted(func(id string) bool {
			e, err := q.peek(folder, id)
			if err == ErrGone {
				return true
			}
			if err != nil {
				return yield(Entry{ID: id, Envelope: &envelope.Envelope{}}, err)
			}
			return yield(*e, nil)
		})
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// Peek is a message that waits, without its text and without a lock.
func (q *Queue) Peek(id string) (*Entry, error) { return q.peek(messageDir, id) }

// peek reads an entry without its text and without a lock. It changes nothing: a
// damaged file is told here, and set aside by who acquires it.
func (q *Queue) peek(folder, id string) (*Entry, error) {
	fd, r, err := q.view(folder, id, firstRead)
	if err != nil {
		return nil, err
	}
	fd.close()
	return r.entry, nil
}

// Show is a message with its text, wherever it stands, for people to look at.
// Nothing is locked. The caller closes Message.Body.
func (q *Queue) Show(id string) (*Entry, error) {
	fd, r, err := q.view(messageDir, id, inMemory)
	if err == ErrGone {
		fd, r, err = q.view(failedDir, id, inMemory)
	}
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), r.d.join(id))
	defer f.Close()
	r.entry.Message, err = r.text(f)
	return r.entry, err
}

// view reads the first octets of a message file and its state. A damaged state is
// left out: the entry is as it was accepted.
func (q *Queue) view(folder, id string, first int64) (descriptor, *reading, error) {
	if !isID(id) {
		return -1, nil, ErrGone
	}
	d, err := q.sub(folder)
	if err != nil {
		return -1, nil, gone(err)
	}
	st, err := d.stat(id)
	if err != nil {
		return -1, nil, gone(err)
	}
	if !st.regular {
		return -1, nil, d.fail("read", id, errCorrupt)
	}
	fd, err := d.descriptor(id, unix.O_RDONLY)
	if err != nil {
		return -1, nil, gone(err)
	}
	r, err := d.read(fd, id, st.size, first)
	if err != nil {
		fd.close()
		return -1, nil, err
	}
	r.entry.Failed = folder == failedDir
	if err := q.readState(r.entry); err != nil && !errors.Is(err, errCorrupt) {
		fd.close()
		return -1, nil, err
	}
	return fd, r, nil
}

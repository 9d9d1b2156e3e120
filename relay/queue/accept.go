package queue

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Accept takes the responsibility for a message, RFC 5321 section 4.2.5. When it
// returns an id, the message is on disk, with exactly two fsyncs: of the file,
// then of the directory that names it. On an error nothing was accepted and
// nothing is left behind; errors.Is(err, ErrUnusable) tells a directory that
// cannot be used from trouble that may pass.
//
// Of e, ID, Size and Failed are set by the queue; Retries may be left out. A
// message that was tried already comes with its outcomes and Retries. Submitted
// has to be the time of now.
func (q *Queue) Accept(e Entry) (id string, err error) {
	d, err := q.made(messageDir)
	if err != nil {
		return "", err
	}
	e.Retries = append([]Retry(nil), e.Retries...)
	e.complete()
	p, err := d.reserve(&e)
	if err != nil {
		return "", err
	}
	if err := p.fill(&e); err != nil {
		return "", p.abandon(err)
	}
	if err := p.publish(e.ID); err != nil {
		return "", p.abandon(err)
	}
	// The lock is ours under the new name too: nobody sends a message that we
	// may still have to take back.
	p.name = e.ID
	if err := d.sync(); err != nil {
		return "", p.abandon(err)
	}
	p.close()
	return e.ID, nil
}

// AcceptAll takes all envelopes of a message, or none: the client of one that was not
// taken sends it again.
func (q *Queue) AcceptAll(entries []Entry) (ids []string, err error) {
	if len(entries) < 2 {
		return q.acceptAll(entries, "")
	}
	s, err := q.NewSiblings(entries[0].Submitted)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if ids, err = q.acceptAll(entries, s.Family); err != nil {
		return nil, err
	}
	// Without it they are sent all the same, and maybe twice to who has moved.
	_ = s.Join(ids...)
	return ids, nil
}

func (q *Queue) acceptAll(entries []Entry, family string) (ids []string, err error) {
	for _, e := range entries {
		e.Family = family
		id, err := q.Accept(e)
		if err != nil {
			for _, id := range ids {
				err = errors.Join(err, q.Delete(id))
			}
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// reserve gives e its id and begins its file. The temporary name holds the id:
// it excludes others who draw the same, and the look for a finished message comes
// after it, so the rename can never replace a message.
func (d *dir) reserve(e *Entry) (*pending, error) {
	for {
		var err error
		if e.ID, err = newID(e.Submitted); err != nil {
			return nil, err
		}
		p, err := d.create(e.ID)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := p.lock(); err != nil {
			return nil, p.abandon(err)
		}
		taken, err := d.exists(e.ID)
		if err != nil {
			return nil, p.abandon(err)
		}
		if !taken {
			return p, nil
		}
		if err := p.abandon(nil); err != nil {
			return nil, err
		}
	}
}

// largestWrite is the octets that go to the disk at a time. A message that has fewer
// goes in one write, from a buffer of its own size.
const largestWrite = 32 << 10

// fill writes the message and makes the content durable.
func (p *pending) fill(e *Entry) error {
	s, err := submissionOf(e)
	if err != nil {
		return err
	}
	head, err := appendHead(nil, &s)
	if err != nil {
		return err
	}
	whole := int64(len(head)) + s.Header + int64(len(crlf)) + s.Body.Size
	w := bufio.NewWriterSize(p, int(min(max(whole, 0), largestWrite)))
	w.Write(head) // bufio keeps the first error for Flush
	w.Write(e.Message.Header)
	w.WriteString(crlf)
	n, err := io.Copy(w, e.Message.Body.Reader())
	if err == nil {
		err = w.Flush()
	}
	if err == nil && n != s.Body.Size {
		err = p.d.fail("write", p.name, errShortBody)
	}
	if err == nil {
		err = p.touch(e.index())
	}
	if err == nil {
		err = p.sync()
	}
	return err
}

var errShortBody = errors.New("the body is shorter than it was")

// Spool is an empty file in the file system of the queue for a body that is too
// large for memory. It has no name, so it is gone when it is closed, and when
// the program dies.
func (q *Queue) Spool() (*os.File, error) {
	d, err := q.made(messageDir)
	if err != nil {
		return nil, err
	}
	tag, err := token()
	if err != nil {
		return nil, err
	}
	f, err := d.file(prefix+tag, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, err
	}
	if err := d.remove(prefix + tag); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

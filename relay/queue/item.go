package queue

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Item is a message that is ours alone until Remove, Fail or Release. It is for
// one goroutine.
//
// The way of an attempt: Acquire, Wake, send, set the Retries, then Remove when
// every recipient is served, Fail when every fate is final and one of them is a
// failure, else Update and Release. For a message with several open recipients
// call Update before the attempt as well: when it fails, the fates could not
// be recorded either, and it is better not to send.
type Item struct {
	Entry
	Trouble error // a damaged state was set aside; the message is as it was accepted

	q      *Queue
	folder string
	d      *dir // the folder
	file   *os.File
}

// Acquire takes a message out of the queue's hands. ErrBusy: another works on it.
// ErrGone: it is not there any more. *CorruptError: it was damaged and has been
// set aside. *VersionError: it is of another version, and stays.
func (q *Queue) Acquire(id string) (*Item, error) { return q.acquire(messageDir, id) }

func (q *Queue) acquire(folder, id string) (*Item, error) {
	if !isID(id) {
		return nil, ErrGone
	}
	d, err := q.sub(folder)
	if err != nil {
		return nil, gone(err)
	}
	f, err := d.file(id, unix.O_RDWR)
	if foreign(err) {
		return nil, q.setAside(d, id, err)
	}
	if err != nil {
		return nil, gone(err)
	}
	it := &Item{q: q, folder: folder, d: d, file: f}
	if err := it.load(id); err != nil {
		f.Close()
		if errors.Is(err, errCorrupt) {
			return nil, q.setAside(d, id, err)
		}
		return nil, err
	}
	return it, nil
}

// load locks the file and reads it.
func (it *Item) load(id string) error {
	if err := flock(it.file); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(it.file.Fd()), &st); err != nil {
		return it.d.fail("look at", id, err)
	}
	mine := infoOf(&st)
	named, err := it.d.stat(id)
	if err != nil {
		return gone(err)
	}
	if named.inode != mine.inode {
		return ErrGone // moved or removed between open and lock
	}
	if !mine.regular || mine.uid != it.d.uid {
		return errCorrupt
	}
	r, err := it.d.read(it.file, id, mine.size, inMemory)
	if err != nil {
		return err
	}
	it.Entry = *r.entry
	it.Failed = it.folder == failedDir
	if err := it.loadState(); err != nil {
		return err
	}
	it.Message, err = r.text(it.file)
	return err
}

func (it *Item) loadState() error {
	err := it.q.readState(&it.Entry)
	if !errors.Is(err, errCorrupt) && !foreign(err) {
		return err
	}
	d, e := it.q.sub(stateDir)
	if e != nil {
		return e
	}
	// The message goes on as it was accepted. Final fates are always fsynced, so
	// it is not a crash that made such a file.
	it.Trouble = it.q.setAside(d, it.ID, err)
	return nil
}

// Update records what became of the recipients, and when the next attempt is
// due. What would do harm if it were lost is on disk when Update returns.
func (it *Item) Update() error {
	err := it.writeState()
	// The time of the next attempt is set even when the state could not be
	// written: on a full disk it keeps the retries apart.
	return errors.Join(err, it.d.touch(it.ID, it.index()))
}

func (it *Item) writeState() error {
	s := stateOf(&it.Entry)
	content, err := json.Marshal(&s)
	if err != nil {
		return err
	}
	d, err := it.q.made(stateDir)
	if err != nil {
		return err
	}
	content = append(content, '\n')
	if s.matters() {
		return d.replaceDurably(it.ID, content)
	}
	return d.replace(it.ID, content)
}

// Remove ends a message of which nothing is left to do. There is no fsync: when a
// crash of the machine brings the message back, it is sent once more, and that is
// the price for a queue that empties as fast as the network takes it.
func (it *Item) Remove() error {
	if err := it.d.remove(it.ID); err != nil {
		return err
	}
	if d, err := it.q.sub(stateDir); err == nil {
		// A state that stays behind says nothing without its message; Sweep finds it.
		_ = d.remove(it.ID)
	}
	it.Release()
	return nil
}

// Fail records the fates and moves the message to the failed. now counts for
// Expire.
func (it *Item) Fail(now time.Time) error {
	if err := it.writeState(); err != nil {
		return err
	}
	to, err := it.q.made(failedDir)
	if err != nil {
		return err
	}
	if err := it.d.touch(it.ID, now); err != nil {
		return err
	}
	return it.move(to)
}

// move takes the message to another folder and lets it go. The state stays where
// it is: it belongs to the id, so one rename moves both.
func (it *Item) move(to *dir) error {
	if err := it.d.rename(it.ID, to, it.ID); err != nil {
		return err
	}
	defer it.Release()
	return to.sync()
}

// Release lets the message go as it stands on disk. It may be called again.
func (it *Item) Release() {
	if it.file == nil {
		return
	}
	if it.Message != nil {
		it.Message.Body.Close()
	}
	// A body in the file has a descriptor of its own, which would keep the lock.
	unix.Flock(int(it.file.Fd()), unix.LOCK_UN)
	it.file.Close()
	it.file = nil
}

// gone turns "no such file" into ErrGone.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrGone
	}
	return err
}

// foreign tells whether open failed because the name is no regular file: a
// symbolic link, a directory, a socket. FreeBSD says EMLINK for the link, OpenBSD
// EOPNOTSUPP for the socket.
func foreign(err error) bool {
	for _, e := range []error{unix.ELOOP, unix.EMLINK, unix.EISDIR, unix.ENXIO, unix.EOPNOTSUPP} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

package queue

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A server's queue is marked, so that whoever hands mail over to servers never sends
// what waits there: it would come back to the server, and go round without end. The
// mark outlives the server, as its mail does. Who hands over keeps his own mail in a
// folder below it, which the server leaves alone.
const (
	serverFile = "server" // the mark: it holds the path of the server's configuration, and is locked by one at work
	clientDir  = "client"
)

// maxServer bounds what is read of a mark.
const maxServer = 64 << 10

// Claim marks the queue as that of a server with the configuration in the file
// config, and makes it Served until Close. fresh tells that it was not this
// server's before. A queue that is claimed already stays so.
func (q *Queue) Claim(config string) (fresh bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.claim != nil {
		return false, nil
	}
	d, err := q.top()
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeAll(q.path, q.hook); err == nil {
			d, err = q.top()
		}
	}
	if err != nil {
		return false, err
	}
	f, err := d.file(serverFile, unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return false, err
	}
	if fresh, err = d.mark(f, config); err != nil {
		f.Close()
		return false, d.fail("mark", serverFile, err)
	}
	q.claim = f
	return fresh, nil
}

// mark locks the mark and writes it, if it says something else. Several servers may
// hold it: a new one while the old one comes to its end.
func (d *dir) mark(f *os.File, config string) (fresh bool, err error) {
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(f.Fd()), unix.LOCK_SH)
	}
	if err != nil {
		return false, err
	}
	old, err := io.ReadAll(io.LimitReader(f, maxServer))
	if err != nil || string(old) == config+"\n" {
		return false, err
	}
	if d.give {
		if err := f.Chown(d.uid, d.gid); err != nil {
			return false, err
		}
	}
	if err := f.Truncate(0); err != nil {
		return false, err
	}
	if _, err := f.WriteAt([]byte(config+"\n"), 0); err != nil {
		return false, err
	}
	return true, errors.Join(f.Sync(), d.sync())
}

// Server is the configuration of the server whose queue this is, whether or not it
// is at work. claimed is false for a queue that is nobody's but its user's.
func (q *Queue) Server() (config string, claimed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d, err := q.top()
	if err != nil {
		return "", false
	}
	if there, err := d.exists(serverFile); err == nil && !there {
		return "", false
	}
	text, _ := d.readSmall(serverFile, maxServer) // what cannot be read is a mark all the same
	return strings.TrimSuffix(string(text), "\n"), true
}

// Served tells whether a server is at work on the queue at this moment.
func (q *Queue) Served() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	d, err := q.top()
	if err != nil {
		return false
	}
	fd, err := d.descriptor(serverFile, unix.O_RDONLY)
	if err != nil {
		return false
	}
	defer fd.close()
	return errors.Is(unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// Client is the queue of those who hand their mail over to the server whose queue
// q is. A symbolic link in its place is not followed: the directory is the server's.
func (q *Queue) Client() *Queue {
	return &Queue{path: q.path + "/" + clientDir, flags: unix.O_NOFOLLOW, subs: make(map[string]*dir)}
}

// Package queue keeps what was accepted until every recipient's fate is final.
//
// A message is written once and never changes; what became of its recipients is
// a small file beside it. The directory holds
//
//	message/ID    the message, and the envelope as it was accepted
//	state/ID      what became of each recipient; absent until the first attempt
//	failed/ID     a message with a recipient that failed for good, moved from message
//	corrupt/NAME  what is not ours, set aside, with the reason in NAME.why
//	served/NAME   who has got a message that has several envelopes, by any of them
//	route/NAME    trouble with a way, which holds all that would go there
//	server        the mark of a server's queue, locked while it is at work
//	client/       the queue of those who hand their mail over to that server
//
// The promise to the caller: when Accept has returned an id, the message
// survives a crash of the program and of the machine, RFC 5321 section 6.1. A
// fate that was recorded survives as well, so that no copy is sent twice; only
// a crash between the last reply and the record of it sends a copy again,
// because a second copy is better than none. Any number of processes may work
// on one queue: who works on a message holds a lock that ends with its process.
//
// The modification time of a message file is the time of its next attempt, so
// that a look for what is due opens nothing that is not. It is an index and no
// more: the state has the last word.
package queue

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// Errors to ask for with errors.Is.
var (
	ErrBusy     = errors.New("it is being worked on at this moment")
	ErrGone     = errors.New("no such message in the queue")
	ErrHeld     = errors.New("it is held, or waits for its hour; mailchute queue release lets it go")
	ErrUnusable = errors.New("the queue directory cannot be used")
)

// Queue is one queue directory. It may be used by many goroutines at once.
type Queue struct {
	path  string
	flags int // for the opening of path
	hook  hook

	mu    sync.Mutex
	root  *dir
	subs  map[string]*dir
	claim *os.File // the mark of a server, held by us; nil: it is not
}

// The folders of a queue directory.
const (
	messageDir = "message"
	stateDir   = "state"
	failedDir  = "failed"
	corruptDir = "corrupt"
	routeDir   = "route"
	servedDir  = "served"
)

// Open is the queue in the directory path. It touches nothing: the directory is
// made by the first Accept, and one that is not there is an empty queue.
func Open(path string) (*Queue, error) {
	if path == "" {
		return nil, &Error{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	return &Queue{path: filepath.Clean(path), subs: make(map[string]*dir)}, nil
}

// Path is the queue's directory.
func (q *Queue) Path() string { return q.path }

// Close gives the open directories back. Items that are still held stay so.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var errs []error
	for _, d := range q.subs {
		errs = append(errs, d.f.Close())
	}
	if q.root != nil {
		errs = append(errs, q.root.f.Close())
	}
	if q.claim != nil {
		errs = append(errs, q.claim.Close())
	}
	q.root, q.claim = nil, nil
	clear(q.subs)
	return errors.Join(errs...)
}

// sub opens a folder that has to be there; fs.ErrNotExist if it is not.
func (q *Queue) sub(name string) (*dir, error) { return q.folder(name, (*dir).open) }

// made opens a folder and makes it where it is missing, the queue directory too.
func (q *Queue) made(name string) (*dir, error) {
	d, err := q.sub(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	if err := makeAll(q.path, q.hook); err != nil {
		return nil, err
	}
	return q.folder(name, (*dir).make)
}

func (q *Queue) folder(name string, get func(*dir, string) (*dir, error)) (*dir, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d := q.subs[name]; d != nil {
		return d, nil
	}
	top, err := q.top()
	if err != nil {
		return nil, err
	}
	d, err := get(top, name)
	if err != nil {
		return nil, err
	}
	q.subs[name] = d
	return d, nil
}

// top opens the queue directory itself. Who calls it holds mu.
func (q *Queue) top() (*dir, error) {
	if q.root == nil {
		root, err := openRoot(q.path, q.flags, q.hook)
		if err != nil {
			return nil, err
		}
		q.root = root
	}
	return q.root, nil
}

// Error is an operation on the queue that failed. errors.Is(err, ErrUnusable)
// tells a directory that will not do, whoever tries, from trouble that may pass,
// such as a full disk.
type Error struct {
	Op   string // what was being done: "write", "rename"
	Path string
	Err  error
}

// Error is the failure in words.
func (e *Error) Error() string {
	return "queue: cannot " + e.Op + " " + strconv.Quote(e.Path) + ": " + words(e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes ErrUnusable of whatever no waiting will mend.
func (e *Error) Is(target error) bool {
	if target != ErrUnusable {
		return false
	}
	for _, no := range []error{errForeign, errWritable, fs.ErrInvalid, fs.ErrPermission,
		syscall.EROFS, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG} {
		if errors.Is(e.Err, no) {
			return true
		}
	}
	return false
}

// words is err without the paths that the os package puts around it.
func words(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err.Error()
	}
	return err.Error()
}

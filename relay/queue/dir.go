package queue

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// hook is called before each step that changes something on disk. An error from it is
// taken for the step's own. Tests use it to make a step fail or to stop there.
type hook func(step, path string) error

func (h hook) before(step, path string) error {
	if h == nil {
		return nil
	}
	if err := h(step, path); err != nil {
		return &Error{Op: step, Path: path, Err: err}
	}
	return nil
}

// dir is a directory that was found safe. It stays open, and names are looked up
// below it, so that nobody can put another in its place.
type dir struct {
	f    *os.File
	path string
	hook hook
	uid  int // whose it is, and whose the files in it shall be
	gid  int
	give bool // we are root at work in another's queue
}

var (
	errForeign  = errors.New("it belongs to another user")
	errWritable = errors.New("others can write to it")
)

const directory = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC

// openRoot opens the queue directory. A symbolic link to it is the
// administrator's choice, unless flags forbid it; links below it are not followed.
func openRoot(path string, flags int, h hook) (*dir, error) {
	return openDir(unix.AT_FDCWD, path, path, flags, h)
}

func (d *dir) open(name string) (*dir, error) {
	return openDir(d.fd(), name, d.join(name), unix.O_NOFOLLOW, d.hook)
}

func (d *dir) make(name string) (*dir, error) {
	if err := d.hook.before("make", d.join(name)); err != nil {
		return nil, err
	}
	switch err := unix.Mkdirat(d.fd(), name, 0o700); {
	case err == nil:
		if d.give {
			err = unix.Fchownat(d.fd(), name, d.uid, d.gid, unix.AT_SYMLINK_NOFOLLOW)
		}
		if err == nil {
			err = d.sync()
		}
		if err != nil {
			return nil, d.fail("make", name, err)
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, d.fail("make", name, err)
	}
	return d.open(name)
}

func openDir(at int, name, path string, flags int, h hook) (*dir, error) {
	fd, err := openat(at, name, directory|flags)
	if err != nil {
		return nil, &Error{Op: "open", Path: path, Err: err}
	}
	d := &dir{f: os.NewFile(uintptr(fd), path), path: path, hook: h}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		d.f.Close()
		return nil, &Error{Op: "open", Path: path, Err: err}
	}
	d.uid, d.gid = int(st.Uid), int(st.Gid)
	d.give = os.Geteuid() == 0 && d.uid != 0
	switch {
	case d.uid != os.Geteuid() && !d.give:
		err = errForeign
	case st.Mode&0o022 != 0:
		err = errWritable
	}
	if err != nil {
		d.f.Close()
		return nil, &Error{Op: "use", Path: path, Err: err}
	}
	return d, nil
}

// makeAll makes the queue directory, and what is missing above it, so that they
// survive a crash: the queue for its owner alone.
func makeAll(path string, h hook) error {
	if err := h.before("make", path); err != nil {
		return err
	}
	err := os.Mkdir(path, 0o700)
	if parent := filepath.Dir(path); errors.Is(err, fs.ErrNotExist) && parent != path {
		if err := makeAll(parent, h); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // if it is no directory, opening it says so
	}
	if err != nil {
		return &Error{Op: "make", Path: path, Err: err}
	}
	up, err := os.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrPermission) {
		return nil // may be written but not read: nothing to call fsync on
	}
	if err != nil {
		return &Error{Op: "fsync", Path: filepath.Dir(path), Err: err}
	}
	defer up.Close()
	if err := up.Sync(); err != nil {
		return &Error{Op: "fsync", Path: filepath.Dir(path), Err: err}
	}
	return nil
}

func (d *dir) fd() int { return int(d.f.Fd()) }

func (d *dir) join(name string) string { return d.path + "/" + name }

func (d *dir) fail(op, name string, err error) error {
	return &Error{Op: op, Path: d.join(name), Err: err}
}

// sync makes the names in d durable.
func (d *dir) sync() error {
	if err := d.hook.before("fsync", d.path); err != nil {
		return err
	}
	if err := d.f.Sync(); err != nil {
		return &Error{Op: "fsync", Path: d.path, Err: err}
	}
	return nil
}

// rename moves name to another name, in d or in another folder of the queue.
func (d *dir) rename(name string, to *dir, as string) error {
	if err := d.hook.before("rename", d.join(name)); err != nil {
		return err
	}
	if err := unix.Renameat(d.fd(), name, to.fd(), as); err != nil {
		return d.fail("rename", name, err)
	}
	return nil
}

// remove takes a name away; one that is not there is fine.
func (d *dir) remove(name string) error {
	if err := d.hook.before("remove", d.join(name)); err != nil {
		return err
	}
	if err := unix.Unlinkat(d.fd(), name, 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.fail("remove", name, err)
	}
	return nil
}

// touch sets the modification time of name.
func (d *dir) touch(name string, at time.Time) error {
	if err := d.hook.before("touch", d.join(name)); err != nil {
		return err
	}
	ts := unix.NsecToTimespec(clamp(at).UnixNano())
	if err := unix.UtimesNanoAt(d.fd(), name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return d.fail("touch", name, err)
	}
	return nil
}

// clamp keeps t where every file system can hold it: from 1970 to 2105.
func clamp(t time.Time) time.Time {
	return time.Unix(min(max(t.Unix(), 0), 1<<32-1<<24), 0)
}

// names hands every name in d to f, in no order.
func (d *dir) names(f func(name string)) error {
	again, err := d.file(".", directory)
	if err != nil {
		return err
	}
	defer again.Close()
	for {
		names, err := again.Readdirnames(512)
		for _, n := range names {
			f(n)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &Error{Op: "list", Path: d.path, Err: err}
		}
	}
}

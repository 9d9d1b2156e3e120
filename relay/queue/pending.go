package queue

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pending is a file on its way: it has a temporary name until it is whole. The
// order is the promise: content, fsync, rename, fsync of the directory. Until the
// rename nobody sees it, after the rename it is whole, and once the directory is
// on disk no crash takes it away.
type pending struct {
	d    *dir
	f    *os.File
	name string // the temporary name
}

// prefix begins every temporary name, and no other.
const prefix = ".new-"

// create begins a file that will be called name. The temporary name is made from
// tag: two writers with one tag exclude each other.
func (d *dir) create(tag string) (*pending, error) {
	name := prefix + tag
	if err := d.hook.before("create", d.join(name)); err != nil {
		return nil, err
	}
	f, err := d.file(name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return nil, err
	}
	p := &pending{d, f, name}
	if d.give {
		if err := f.Chown(d.uid, d.gid); err != nil {
			return nil, p.abandon(d.fail("create", name, err))
		}
	}
	return p, nil
}

// Write is io.Writer.
func (p *pending) Write(b []byte) (int, error) {
	if err := p.d.hook.before("write", p.d.join(p.name)); err != nil {
		return 0, err
	}
	n, err := p.f.Write(b)
	if err != nil {
		err = p.d.fail("write", p.name, err)
	}
	return n, err
}

// lock makes the file ours, under its final name too, until it is closed.
func (p *pending) lock() error {
	if err := flock(p.f); err != nil {
		return p.d.fail("lock", p.name, err)
	}
	return nil
}

// sync makes the content durable.
func (p *pending) sync() error {
	if err := p.d.hook.before("fsync", p.d.join(p.name)); err != nil {
		return err
	}
	if err := p.f.Sync(); err != nil {
		return p.d.fail("fsync", p.name, err)
	}
	return nil
}

// touch sets the modification time, which the next sync makes durable.
func (p *pending) touch(at time.Time) error { return p.d.touch(p.name, at) }

// publish gives the file its name; a file of that name is replaced at once.
func (p *pending) publish(name string) error { return p.d.rename(p.name, p.d, name) }

// close closes the file and keeps it.
func (p *pending) close() { p.f.Close() }

// abandon takes back what was begun and passes err on.
func (p *pending) abandon(err error) error {
	p.f.Close()
	if e := p.d.remove(p.name); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// replace writes content under name in one step, for what may be lost in a crash
// of the machine.
func (d *dir) replace(name string, content []byte) error {
	return d.put(name, content, func(*pending) error { return nil })
}

// replaceDurably is replace, for what may not be lost.
func (d *dir) replaceDurably(name string, content []byte) error {
	if err := d.put(name, content, (*pending).sync); err != nil {
		return err
	}
	return d.sync()
}

func (d *dir) put(name string, content []byte, settle func(*pending) error) error {
	tag, err := token()
	if err != nil {
		return err
	}
	p, err := d.create(tag)
	if err != nil {
		return err
	}
	if _, err = p.Write(content); err == nil {
		err = settle(p)
	}
	if err == nil {
		err = p.publish(name)
	}
	if err != nil {
		return p.abandon(err)
	}
	p.close()
	return nil
}

// flock takes the exclusive lock of f, without waiting: ErrBusy when another has
// it. It belongs to the open file and ends with it, so no crash leaves a lock.
func flock(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrBusy
		default:
			return err
		}
	}
}

// exists tells whether there is something called name.
func (d *dir) exists(name string) (bool, error) {
	_, err := d.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

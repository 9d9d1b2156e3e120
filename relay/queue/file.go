package queue

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// info is what is asked about a file.
type info struct {
	regular bool
	size    int64
	mtime   time.Time
	uid     int
	inode   [2]uint64 // device and number: is it still the same file?
}

func (d *dir) stat(name string) (info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(d.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return info{}, d.fail("look at", name, err)
	}
	return infoOf(&st), nil
}

func infoOf(st *unix.Stat_t) info {
	return info{
		regular: st.Mode&unix.S_IFMT == unix.S_IFREG,
		size:    st.Size,
		mtime:   time.Unix(st.Mtim.Unix()),
		uid:     int(st.Uid),
		inode:   [2]uint64{uint64(st.Dev), uint64(st.Ino)},
	}
}

// descriptor opens a name and never follows a link.
func (d *dir) descriptor(name string, flags int) (descriptor, error) {
	fd, err := openat(d.fd(), name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC)
	if err != nil {
		return -1, d.fail("open", name, err)
	}
	return descriptor(fd), nil
}

// file is descriptor as a file.
func (d *dir) file(name string, flags int) (*os.File, error) {
	fd, err := d.descriptor(name, flags)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), d.join(name)), nil
}

// descriptor is an open file without the poller of os.File: a listing opens
// thousands.
type descriptor int

// ReadAt is io.ReaderAt.
func (fd descriptor) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		m, err := unix.Pread(int(fd), b[n:], off+int64(n))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return n, err
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (fd descriptor) close() { unix.Close(int(fd)) }

// readSmall is a whole file of at most limit octets.
func (d *dir) readSmall(name string, limit int64) ([]byte, error) {
	st, err := d.stat(name)
	if err != nil {
		return nil, err
	}
	if !st.regular || st.size > limit {
		return nil, d.fail("read", name, errCorrupt)
	}
	fd, err := d.descriptor(name, unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer fd.close()
	b := make([]byte, st.size)
	if _, err := fd.ReadAt(b, 0); err != nil {
		return nil, d.fail("read", name, err)
	}
	return b, nil
}

// openat is openat(2) that is not disturbed by a signal.
func openat(at int, name string, flags int) (int, error) {
	for {
		fd, err := unix.Openat(at, name, flags, 0o600)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

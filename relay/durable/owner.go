package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// makeDir makes a directory, and those above it that are missing, for their owner
// alone.
func (f File) makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was first
			return nil
		}
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	f.giveAway(d)
	return d.Close()
}

// giveAway makes what root has made for a shared file the property of the owner of
// the directory it stands in: root logs in for a service whose user has to go on with
// the file. Who is not root owns what he makes, and where it fails, so does root.
func (f File) giveAway(made *os.File) {
	if !f.Shared || os.Geteuid() != 0 {
		return
	}
	info, err := os.Stat(filepath.Dir(made.Name()))
	if err != nil || info.Mode()&os.ModeSticky != 0 { // /tmp is everybody's
		return
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
		_ = made.Chown(int(st.Uid), int(st.Gid))
	}
}

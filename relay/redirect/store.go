package redirect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/relay/durable"
)

// The memory's file holds one JSON object a line. It is never changed, only
// replaced. It stays with whoever made it, also where the directory is another's:
// what it says is believed for that. Lines that make no sense are moved to
// PATH.corrupt.

const (
	maxFile  = 16 << 20        // octets of a memory that is read
	maxAside = 1 << 20         // octets of PATH.corrupt
	lockWait = 2 * time.Second // for another process's change: one that hangs must not hold up the mail
)

// stamp tells one version of the file from another. The zero stamp is no file.
type stamp struct {
	inode, size int64
	changed     time.Time
}

func stampOf(path string) (stamp, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, err
	}
	s := stamp{size: info.Size(), changed: info.ModTime()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = int64(sys.Ino)
	}
	return s, nil
}

// load reads the file at path. A missing one is an empty table. Lines that are
// no entries are given back as they are.
func load(path string) (known table, broken [][]byte, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return table{}, nil, nil
	}
	if err != nil {
		return table{}, nil, err
	}
	defer f.Close()
	if err := believable(f); err != nil {
		return table{}, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return table{}, nil, err
	}
	if len(data) > maxFile {
		return table{}, nil, fmt.Errorf("%s is larger than %d octets", path, maxFile)
	}
	for text := range bytes.Lines(data) {
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		// Straight into a line: by way of Entry each would be read twice.
		var l line
		err := json.Unmarshal(text, &l)
		var e Entry
		if err == nil {
			e, err = l.entry()
		}
		if err != nil {
			broken = append(broken, text)
			continue
		}
		known.put(e)
	}
	return known, broken, nil
}

// believable tells whether what the file says can only come from this user or
// root: nobody may redirect another's mail.
func believable(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", f.Name())
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not used: others can write it; chmod 600 %[1]s", f.Name())
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 && int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not used: it belongs to user %d", f.Name(), sys.Uid)
	}
	return nil
}

// encode is the newest of the entries as the file has them, as many as load reads,
// and their number.
func encode(entries []Entry) (text []byte, kept int, err error) {
	var all bytes.Buffer
	out := json.NewEncoder(&all)
	out.SetEscapeHTML(false) // six octets for each & make a file too large
	begins := make([]int, len(entries))
	for i, e := range entries {
		begins[i] = all.Len()
		if err := out.Encode(lineOf(e)); err != nil {
			return nil, 0, err
		}
	}
	for i, begin := range begins {
		if all.Len()-begin <= maxFile {
			return all.Bytes()[begin:], len(entries) - i, nil
		}
	}
	return nil, 0, nil
}

// save replaces the file, and tells how many of the entries it holds. The caller
// holds the lock.
func save(f durable.File, entries []Entry) (kept int, err error) {
	text, kept, err := encode(entries)
	if err != nil {
		return 0, err
	}
	draft, err := f.Begin(0)
	if err != nil {
		return 0, err
	}
	return kept, draft.Commit(text)
}

// setAside keeps lines that made no sense, as far as there is room for them, so
// that what somebody wrote by hand is not lost by a slip.
func setAside(path string, broken [][]byte) error {
	if len(broken) == 0 {
		return nil
	}
	f, err := os.OpenFile(path+".corrupt", os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	text := append(bytes.Join(broken, []byte{'\n'}), '\n')
	if info, err := f.Stat(); err != nil || info.Size()+int64(len(text)) > maxAside {
		return errors.Join(err, f.Close())
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

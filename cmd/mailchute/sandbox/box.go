package sandbox

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
	"golang.org/x/sys/unix"

	"mailchute/headers/address"
)

// letter is one message that arrived, but for its text, which is in a file.
type letter struct {
	From       address.Addr
	To         []address.Addr
	Redirected []Redirect // that led to one of To, in order
	TLS        string     // "TLS 1.3"; "" for none
	Auth       string     // the user who logged in
	Hello      string     // what the client called itself
	Size       int64      // octets
	Path       string     // the file
	kept       bool       // which stays
}

// box is where letters are kept: one file each, NNNN.eml, beside NNNN.json when
// they are kept for good.
type box struct {
	dir  string
	keep bool

	mu      sync.Mutex
	next    int
	letters []letter
	played  []Redirect // that have led to no letter yet
}

// openBox is a box in the directory kept, or when there is none in the directory
// temporary. It is made where it has to be, for its owner alone. In one that is
// there already the numbers go on.
func openBox(kept, temporary string) (*box, error) {
	b := &box{dir: temporary, next: 1}
	if kept != "" {
		b.dir, b.keep = kept, true
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		base, ext, _ := strings.Cut(f.Name(), ".")
		if n, err := strconv.Atoi(base); err == nil && n > 0 && n < 1e9 && (ext == "eml" || ext == "json") {
			b.next = max(b.next, n+1)
		}
	}
	return b, nil
}

// redirected notes that a redirect was played.
func (b *box) redirected(r Redirect) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.played = append(b.played, r)
}

// put writes a message to its file and notes the letter. A transfer that breaks
// off leaves nothing. Errors are SMTP replies.
func (b *box) put(l letter, r io.Reader) error {
	f, err := b.create()
	if err != nil {
		return full(err)
	}
	l.Path, l.kept = f.Name(), b.keep
	if l.Size, err = io.Copy(f, r); err != nil {
		discard(f)
		if _, ok := err.(*smtp.SMTPError); ok {
			return err // go-smtp's own word, too large
		}
		return full(err)
	}
	if err := f.Close(); err != nil {
		discard(f)
		return full(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l.Redirected = b.trail(l.To)
	if b.keep {
		if err := writeRecord(l); err != nil {
			os.Remove(l.Path)
			return full(err)
		}
	}
	b.letters = append(b.letters, l)
	return nil
}

// create makes the next file. A number that somebody else took in the meantime
// is passed over.
func (b *box) create() (*os.File, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		path := filepath.Join(b.dir, fmt.Sprintf("%04d.eml", b.next))
		b.next++
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if !os.IsExist(err) {
			return f, err
		}
	}
}

// full is a failure to keep a message as a reply, RFC 3463 section 3.4.
func full(err error) error {
	return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: strings.ReplaceAll(err.Error(), "\n", " ")}
}

// trail takes the redirects that led to these recipients, chains included, from
// those that were played. The caller holds the lock.
func (b *box) trail(to []address.Addr) []Redirect {
	var trail []Redirect
	wanted := slices.Clone(to)
	for i := len(b.played) - 1; i >= 0; i-- {
		r := b.played[i]
		if slices.ContainsFunc(wanted, r.New.Equal) {
			if !slices.Contains(trail, r) {
				wanted, trail = append(wanted, r.Old), append(trail, r)
			}
			b.played = slices.Delete(b.played, i, i+1)
		}
	}
	slices.Reverse(trail)
	return trail
}

// contents is what has arrived, and the redirects that led nowhere.
func (b *box) contents() (letters []letter, unfollowed []Redirect) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.letters), slices.Clone(b.played)
}

// discard removes a file whose loss nobody misses.
func discard(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}

package sts

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"mailchute/headers/address"
)

// entry is one kept policy: the text as it was fetched, which is read again each
// time, so that the file needs no trust beyond that in its directory.
type entry struct {
	ID      string    `json:"id"`
	Fetched time.Time `json:"fetched"`
	Text    string    `json:"policy"`
	policy  Policy
}

const suffix = ".json"

// file is where a domain's policy is kept, "" when it is not. A domain name has
// no slash, and no dot in front; a very long one makes no file name.
func (b *Book) file(domain string) string {
	if b.Dir == "" || !address.IsDomain(domain) || len(domain) > 200 {
		return ""
	}
	return filepath.Join(b.Dir, domain+suffix)
}

// load reads a kept policy that still holds. A time of fetching that lies ahead
// is a clock that was set back, or a forgery: such a policy would hold too long.
func (b *Book) load(domain string, now time.Time) (entry, bool) {
	name := b.file(domain)
	if name == "" || !private(b.Dir) {
		return entry{}, false
	}
	f, err := os.Open(name)
	if err != nil {
		return entry{}, false
	}
	defer f.Close()
	var e entry
	if json.NewDecoder(io.LimitReader(f, 8*maxText)).Decode(&e) != nil {
		return entry{}, false
	}
	if e.policy, err = parse(e.Text); err != nil {
		return entry{}, false
	}
	age := now.Sub(e.Fetched)
	return e, age >= 0 && age <= e.policy.MaxAge
}

// save keeps a policy. It is replaced as a whole, so that no reader sees half of
// it; when it cannot be kept, it is fetched again next time.
func (b *Book) save(domain string, e entry) {
	name := b.file(domain)
	if name == "" || os.MkdirAll(b.Dir, 0o700) != nil || !private(b.Dir) {
		return
	}
	content, err := json.Marshal(e)
	if err != nil {
		return
	}
	f, err := os.CreateTemp(b.Dir, ".new-*") // mode 0600
	if err != nil {
		return
	}
	_, err = f.Write(append(content, '\n'))
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
}

// private tells whether only its owner can write to a directory: whoever else
// could, could take a domain's protection away.
func private(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && info.Mode().Perm()&0o022 == 0
}

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

// failure is a policy that could not be had.
type failure struct {
	ID string    `json:"id"` // that was published
	At time.Time `json:"at"`
}

// What is kept of a domain: its policy, and the last failure since to get a new one.
const (
	policySuffix  = ".json"
	failureSuffix = ".failed"
)

// file is where something of a domain is kept, "" when it is not. A domain name has
// no slash, and no dot in front; a very long one makes no file name.
func (b *Book) file(domain, suffix string) string {
	if b.Dir == "" || !address.IsDomain(domain) || len(domain) > 200 {
		return ""
	}
	return filepath.Join(b.Dir, domain+suffix)
}

// load reads a kept policy that still holds. A time of fetching that lies ahead
// is a clock that was set back, or a forgery: such a policy would hold too long.
func (b *Book) load(domain string, now time.Time) (entry, bool) {
	var e entry
	if !b.read(b.file(domain, policySuffix), &e) {
		return entry{}, false
	}
	var err error
	if e.policy, err = parse(e.Text); err != nil {
		return entry{}, false
	}
	age := now.Sub(e.Fetched)
	return e, age >= 0 && age <= e.policy.MaxAge
}

// save keeps a policy. When it cannot be kept, it is fetched again next time.
func (b *Book) save(domain string, e entry) {
	b.write(b.file(domain, policySuffix), e)
	if name := b.file(domain, failureSuffix); name != "" {
		_ = os.Remove(name)
	}
}

// rests tells whether the policy with this id could not be had a moment ago.
func (b *Book) rests(domain, id string, now time.Time) bool {
	var f failure
	if !b.read(b.file(domain, failureSuffix), &f) || f.ID != id {
		return false
	}
	age := now.Sub(f.At)
	return age >= 0 && age < rest
}

// read reads a file that only its owner can have written.
func (b *Book) read(name string, into any) bool {
	if name == "" || !private(b.Dir) {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return json.NewDecoder(io.LimitReader(f, 8*maxText)).Decode(into) == nil
}

// write replaces a file as a whole, so that no reader sees half of it.
func (b *Book) write(name string, v any) {
	if name == "" || os.MkdirAll(b.Dir, 0o700) != nil || !private(b.Dir) {
		return
	}
	content, err := json.Marshal(v)
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

package inject

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"time"
)

// Stamp is the moment of a submission and what makes it unlike all others.
type Stamp struct {
	Now    time.Time
	Random [10]byte
}

// NewStamp takes the time and fresh randomness.
func NewStamp() Stamp {
	s := Stamp{Now: time.Now()}
	rand.Read(s.Random[:]) // crypto/rand.Read never fails
	return s
}

// messageID is a unique identifier at domain, dot-atoms on both sides, never a
// quoted string: RFC 5322 section 3.6.4. It is given without angle brackets.
func (s Stamp) messageID(domain string) string {
	left := strconv.FormatInt(s.Now.UTC().Unix(), 36) + "." +
		hex.EncodeToString(s.Random[:])
	return left + "@" + domain
}

package queue

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// An id is 14 characters: ten for the time in units of 16 microseconds, four of
// randomness. The digits are in the order of ASCII, so ids sort by age; none of
// them needs quoting anywhere, and those that people mix up (i, l, o, u) are
// left out.
const (
	idLength = 14
	digits   = "0123456789abcdefghjkmnpqrstvwxyz"
	idUnit   = 16 // microseconds
)

// newID is an id for a message of the time at. That no other message has it is
// for Accept to see.
func newID(at time.Time) (string, error) {
	var r [4]byte
	if _, err := rand.Read(r[:]); err != nil {
		return "", err
	}
	units := uint64(max(at.UnixMicro(), 0)) / idUnit
	return base32(units, 10) + base32(uint64(binary.BigEndian.Uint32(r[:])), 4), nil
}

// token is a random word for a temporary name.
func token() (string, error) {
	var r [8]byte
	_, err := rand.Read(r[:])
	return base32(binary.BigEndian.Uint64(r[:]), 13), err
}

// base32 is the last width digits of n.
func base32(n uint64, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = digits[n&31]
		n >>= 5
	}
	return string(b)
}

// isID tells whether s has the form of a queue id.
func isID(s string) bool {
	if len(s) != idLength {
		return false
	}
	for i := 0; i < len(s); i++ {
		if digit(s[i]) < 0 {
			return false
		}
	}
	return true
}

// created is the time that an id was made from.
func created(id string) time.Time {
	var n int64
	for i := 0; i < 10 && i < len(id); i++ {
		n = n<<5 | int64(digit(id[i]))
	}
	return time.UnixMicro(n * idUnit)
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c < 'a' || c > 'z' || c == 'i' || c == 'l' || c == 'o' || c == 'u':
		return -1
	}
	n := int(c-'a') + 10
	for _, skipped := range [4]byte{'i', 'l', 'o', 'u'} {
		if c > skipped {
			n--
		}
	}
	return n
}

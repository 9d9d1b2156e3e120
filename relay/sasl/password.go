package sasl

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
)

// login is LOGIN: two questions, two answers. The answers go by their order,
// since servers word the questions as they like ("Username:", "User Name\0").
// There is no initial response: some servers take one, some do not.
type login struct {
	user, password string
	step           int
}

func (l *login) Start() (string, []byte, error) { return "LOGIN", nil, nil }

func (l *login) Next([]byte) ([]byte, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte(l.user), nil
	case 2:
		return []byte(l.password), nil
	}
	return nil, errUnexpected
}

// cramMD5 is CRAM-MD5, RFC 2195 section 2.
type cramMD5 struct {
	user, password string
	done           bool
}

func (c *cramMD5) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }

// Next answers the one challenge with the user name and the keyed digest of the
// challenge. An empty challenge would make every answer the same; it is refused.
func (c *cramMD5) Next(challenge []byte) ([]byte, error) {
	if c.done || len(challenge) == 0 {
		return nil, errUnexpected
	}
	c.done = true
	mac := hmac.New(md5.New, []byte(c.password))
	mac.Write(challenge)
	return []byte(c.user + " " + hex.EncodeToString(mac.Sum(nil))), nil
}

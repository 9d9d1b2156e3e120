package sasl

import "strings"

// bearer is a login by access token: everything is in the initial response. A
// server that refuses it sends a challenge that says why, and wants the
// dismissal in return before it gives its reply.
type bearer struct {
	name, initial, dismissal string
	dismissed                bool
}

func (b *bearer) Start() (string, []byte, error) { return b.name, []byte(b.initial), nil }

// Next dismisses the challenge (RFC 7628 section 3.2.3); the server's reply then
// says in its own words what is wrong.
func (b *bearer) Next([]byte) ([]byte, error) {
	if b.dismissed {
		return nil, errUnexpected
	}
	b.dismissed = true
	return []byte(b.dismissal), nil
}

// oauthBearer is the initial response of RFC 7628 section 3.1: GS2 header, then
// key=value pairs that end in ^A. Host and port are left out, they are optional.
func oauthBearer(c Credentials) string {
	authzid := ""
	if c.User != "" {
		authzid = "a=" + saslname(c.User)
	}
	return "n," + authzid + ",\x01auth=Bearer " + c.Secret + "\x01\x01"
}

// xoauth2 is the initial response of Google's and Microsoft's XOAUTH2.
func xoauth2(c Credentials) string {
	return "user=" + c.User + "\x01auth=Bearer " + c.Secret + "\x01\x01"
}

// saslname writes a name so that it can stand between commas (RFC 5801 section 4,
// RFC 5802 section 5.1).
func saslname(s string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s)
}

// Package sasl is the logins of RFC 4954 as values: a Mechanism is told what
// the server said and answers what to say next. It knows neither the base64 nor
// the reply codes around them; those are the client engine's.
//
// What it promises: a mechanism never sends a password to a challenge that does
// not ask for it, never goes on after the last step, and its errors hold no
// secret. Where the mechanism lets the server prove that it knows the password
// too (SCRAM), that proof is checked.
//
// Mechanisms: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), CRAM-MD5
// (RFC 2195), SCRAM-SHA-1 and SCRAM-SHA-256 with and without -PLUS (RFC 5802,
// RFC 7677, RFC 9266), EXTERNAL (RFC 4422 appendix A), ANONYMOUS (RFC 4505),
// OAUTHBEARER (RFC 7628) and XOAUTH2, its forerunner.
package sasl

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// Mechanism is the client's side of one login. It is used once.
//
// Start gives the name and the initial response; nil means that there is none,
// an empty one is sent as "=" (RFC 4954 section 4). Next answers a challenge.
// After an error the client cancels with "*".
type Mechanism = sasl.Client

// Credentials is what a login is made of.
type Credentials struct {
	User    string               // may be empty for EXTERNAL and ANONYMOUS
	Secret  string               // password, or access token for OAUTHBEARER and XOAUTH2
	TLS     *tls.ConnectionState // of the connection in use; nil without TLS
	Offered []string             // mechanisms that the server offers, for SCRAM's protection against downgrade; may be nil
}

// The two errors that every mechanism may answer a challenge with.
var (
	errUnexpected = errors.New("the server sent a challenge where none belongs")
	errUnproven   = errors.New("the server reported success without proving that it knows the password")
)

// New makes the mechanism of that name, in either case. It fails for a name that
// is not Known, for credentials that the mechanism cannot carry, and for a
// -PLUS mechanism on a connection that has nothing to bind to.
func New(name string, c Credentials) (Mechanism, error) {
	name = strings.ToUpper(name)
	if !Known(name) {
		return nil, fmt.Errorf("unknown SASL mechanism %q", name)
	}
	if err := check(name, c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	switch name {
	case "PLAIN":
		return sasl.NewPlainClient("", c.User, c.Secret), nil
	case "LOGIN":
		return &login{user: c.User, password: c.Secret}, nil
	case "CRAM-MD5":
		return &cramMD5{user: c.User, password: c.Secret}, nil
	case "EXTERNAL":
		return sasl.NewExternalClient(c.User), nil
	case "ANONYMOUS":
		return sasl.NewAnonymousClient(c.User), nil
	case "OAUTHBEARER":
		return &bearer{name: name, initial: oauthBearer(c), dismissal: "\x01"}, nil
	case "XOAUTH2":
		return &bearer{name: name, initial: xoauth2(c)}, nil
	}
	s, err := newSCRAM(name, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// check refuses what would change the meaning of a message: control characters
// stand for field ends in PLAIN, OAUTHBEARER and XOAUTH2, and belong in no user
// name.
func check(name string, c Credentials) error {
	if strings.ContainsFunc(c.User, isControl) {
		return errors.New("the user name holds a control character")
	}
	switch name {
	case "EXTERNAL", "ANONYMOUS":
		return nil
	case "OAUTHBEARER", "XOAUTH2":
		if strings.ContainsFunc(c.Secret, isControl) {
			return errors.New("the token holds a control character")
		}
	default:
		if strings.ContainsRune(c.Secret, 0) { // RFC 4616 section 2
			return errors.New("the password holds a NUL")
		}
	}
	switch {
	case c.User == "" && name != "OAUTHBEARER":
		return errors.New("no user name")
	case c.Secret == "":
		return errors.New("no password")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// InitialAlone tells whether the mechanism is its initial response and nothing
// more, whatever the server thinks of it: then commands may follow in the same
// group (RFC 4954 section 4, RFC 2920). OAUTHBEARER and XOAUTH2 are not among
// them: a refusal there is a challenge, and the next command would answer it.
func InitialAlone(name string) bool {
	return strings.EqualFold(name, "PLAIN") || strings.EqualFold(name, "EXTERNAL")
}

// Finish is called when the server reports success, and says whether that can
// be believed. It fails when the mechanism wants a proof from the server that
// has not been given (RFC 5802 section 5): then nobody is logged in.
func Finish(m Mechanism) error {
	if s, ok := m.(*scram); ok && s.step != scramDone {
		return fmt.Errorf("%s: %w", s.name, errUnproven)
	}
	return nil
}

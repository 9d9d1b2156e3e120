// Package secret is a secret that cannot show itself. A Secret gives its text
// to Reveal and to nothing else: every formatting verb, every encoder and
// every logger gets the word "[secret]", also when the Secret lies deep inside
// another value.
package secret

import (
	"fmt"
)

// mask is what everyone sees who does not call Reveal.
const mask = "[secret]"

// Secret is a password or a token. The zero value is the empty secret.
//
// The text is kept in a closure: packages that print values by reflection do
// not call the methods of unexported fields, but they cannot look into a
// function either.
type Secret struct {
	reveal func() string
}

// New makes a secret of text.
func New(text string) Secret { return Secret{func() string { return text }} }

// Reveal is the text of the secret. A call of it is the one thing to look for
// where secrets might leak.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero tells whether the secret is empty.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String is the mask.
func (s Secret) String() string { return mask }

// GoString is the mask.
func (s Secret) GoString() string { return mask }

// Format writes the mask, whatever the verb, the width and the flags.
func (s Secret) Format(f fmt.State, verb rune) { _, _ = f.Write([]byte(mask)) }

// MarshalText is the mask; JSON, XML, TOML and log/slog use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }

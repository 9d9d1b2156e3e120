// Package dkim signs a message in the name of a domain, RFC 6376, with RSA or
// with Ed25519 (RFC 8463).
//
// Sign goes once over the octets as they will go over the wire and gives the
// DKIM-Signature field that is put in front of them. Memory does not grow with
// the body. Header and body are canonicalized the relaxed way, so that a server
// may fold a field or strip blanks from the ends of lines; all else that it
// changes breaks the signature, and so must be done before.
package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Signer signs for one domain. The key is read when it is first needed. It may
// be used by many at once.
type Signer struct {
	Domain   string // d=, RFC 6376 section 3.5
	Selector string // s=: the public key is at SELECTOR._domainkey.DOMAIN
	KeyFile  string // PEM with a private key

	once sync.Once
	key  crypto.Signer
	err  error
}

// Key is the private key. The error names the file and never shows what is in it.
func (s *Signer) Key() (crypto.Signer, error) {
	s.once.Do(func() { s.key, s.err = readKey(s.KeyFile) })
	return s.key, s.err
}

// Sign is the DKIM-Signature field of a message, with the CRLF at its end. The
// message is header, empty line and body, with CRLF line ends.
func (s *Signer) Sign(message io.WriterTo, now time.Time) ([]byte, error) {
	key, err := s.Key()
	if err != nil {
		return nil, err
	}
	p := parts{body: body{hash: sha256.New()}}
	if _, err := message.WriteTo(&p); err != nil {
		return nil, err
	}
	names, fields := choose(split(p.header))
	text := s.template(algorithm(key), names, p.body.sum(), now)

	hash := sha256.New()
	for _, f := range fields {
		hash.Write(relaxed(f))
	}
	hash.Write(bytes.TrimSuffix(relaxed([]byte(text)), []byte("\r\n"))) // section 3.7: b= empty, no CRLF
	signature, err := sign(key, hash.Sum(nil))
	if err != nil {
		return nil, fmt.Errorf("dkim: %w", err)
	}
	return fmt.Appendf(nil, "%s%s\r\n", text, folded(base64.StdEncoding.EncodeToString(signature))), nil
}

// template is the field without its signature, RFC 6376 section 3.5.
func (s *Signer) template(algorithm string, names []string, bodyHash []byte, now time.Time) string {
	var b strings.Builder
	b.WriteString("DKIM-Signature: v=1; a=" + algorithm + "; c=relaxed/relaxed; d=" + s.Domain + ";\r\n\ts=" + s.Selector +
		"; t=" + strconv.FormatInt(now.Unix(), 10) + ";\r\n\th=")
	column := 0
	for i, name := range names {
		if i > 0 {
			b.WriteByte(':')
		}
		if column += len(name) + 1; column > 70 {
			b.WriteString("\r\n\t ")
			column = len(name)
		}
		b.WriteString(name)
	}
	b.WriteString(";\r\n\tbh=" + base64.StdEncoding.EncodeToString(bodyHash) + ";\r\n\tb=")
	return b.String()
}

// folded is a value on lines of 72; blanks in it do not count, section 3.5.
func folded(s string) string {
	const width = 72
	var b strings.Builder
	for ; len(s) > width; s = s[width:] {
		b.WriteString(s[:width] + "\r\n\t ")
	}
	return b.String() + s
}

func algorithm(key crypto.Signer) string {
	if _, ok := key.(ed25519.PrivateKey); ok {
		return "ed25519-sha256"
	}
	return "rsa-sha256"
}

// sign signs a hash: by PKCS #1 (RFC 6376 section 3.3.2), or by Ed25519, which
// takes the hash for its message (RFC 8463 section 3).
func sign(key crypto.Signer, hash []byte) ([]byte, error) {
	if _, ok := key.(*rsa.PrivateKey); ok {
		return key.Sign(rand.Reader, hash, crypto.SHA256)
	}
	return key.Sign(rand.Reader, hash, crypto.Hash(0))
}

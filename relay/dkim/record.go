package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Record is the text of the TXT record that lets others verify what a key signs,
// RFC 6376 section 3.6.1 and RFC 8463 section 4.
func Record(key crypto.Signer) string {
	kind, public := half(key)
	return "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
}

// CheckRecord tells why a verifier that finds this TXT record would not believe
// what the key signs; nil when it would. Any text may be given.
func CheckRecord(text string, key crypto.Signer) error {
	kind, public, err := readRecord(text)
	if err != nil {
		return err
	}
	want, own := half(key)
	switch {
	case kind != want:
		return fmt.Errorf("it is for a key of kind %q, and the private key is %s", kind, want)
	case bytes.Equal(public, own):
		return nil
	case isPKCS1(public, key):
		return nil
	}
	return errors.New("its public key is not the other half of the private key")
}

// readRecord takes the key out of a record, RFC 6376 section 3.6.1.
func readRecord(text string) (kind string, public []byte, err error) {
	kind, encoded, there := "rsa", "", false
	for i, tag := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(tag, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "v":
			if i != 0 || value != "DKIM1" {
				return "", nil, errors.New("v=DKIM1 does not stand at its beginning")
			}
		case "k":
			kind = value
		case "p":
			encoded, there = strings.Map(dropBlanks, value), true
		case "h":
			if !allows(value, "sha256") {
				return "", nil, errors.New("it does not allow sha256 (h=)")
			}
		case "s":
			if !allows(value, "email") && !allows(value, "*") {
				return "", nil, errors.New("it is not for mail (s=)")
			}
		}
	}
	switch {
	case !there:
		return "", nil, errors.New("it has no key (p=)")
	case encoded == "":
		return "", nil, errors.New("its key has been revoked (p= is empty)")
	}
	if public, err = base64.StdEncoding.DecodeString(encoded); err != nil {
		return "", nil, errors.New("its key is not base64")
	}
	return kind, public, nil
}

func dropBlanks(r rune) rune {
	if strings.ContainsRune(" \t\r\n", r) {
		return -1
	}
	return r
}

// allows tells whether a list parted by colons has a word.
func allows(list, word string) bool {
	for w := range strings.SplitSeq(list, ":") {
		if strings.TrimSpace(w) == word {
			return true
		}
	}
	return false
}

// half is the kind and the public half of a key, as they stand in a record.
func half(key crypto.Signer) (kind string, public []byte) {
	if k, ok := key.Public().(ed25519.PublicKey); ok {
		return "ed25519", k
	}
	public, _ = x509.MarshalPKIXPublicKey(key.Public()) // of the keys that Key gives it never fails
	return "rsa", public
}

// isPKCS1 tells whether public is an RSA key without the wrapping around it, which
// RFC 6376 asked for before its erratum 3017.
func isPKCS1(public []byte, key crypto.Signer) bool {
	k, ok := key.Public().(*rsa.PublicKey)
	return ok && bytes.Equal(public, x509.MarshalPKCS1PublicKey(k))
}

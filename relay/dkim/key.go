package dkim

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// minBits is the shortest RSA key that may sign, RFC 8301 section 3.2.
const minBits = 1024

// maxKey is the largest key file that is read, in octets.
const maxKey = 64 << 10

func readKey(path string) (crypto.Signer, error) {
	text, err := readAtMost(path, maxKey)
	if err == nil {
		var key crypto.Signer
		if key, err = parseKey(text); err == nil {
			return key, nil
		}
	}
	var at *fs.PathError // has the path in it as it is
	if errors.As(err, &at) {
		err = at.Err
	}
	return nil, fmt.Errorf("dkim.key_file %q: %w", path, err)
}

func readAtMost(path string, size int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, size))
}

// parseKey reads the first private key of a PEM file.
func parseKey(text []byte) (crypto.Signer, error) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New(`no "PRIVATE KEY" in PEM form is in it`)
		}
		switch block.Type {
		case "PRIVATE KEY":
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("the private key is malformed")
			}
			return usable(key)
		case "RSA PRIVATE KEY":
			key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("the private key is malformed, or encrypted")
			}
			return usable(key)
		case "ENCRYPTED PRIVATE KEY":
			return nil, errors.New("the private key is encrypted; nobody is here to ask for its password")
		}
		text = rest
	}
}

func usable(key any) (crypto.Signer, error) {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return k, nil
	case *rsa.PrivateKey:
		if k.N.BitLen() < minBits {
			return nil, fmt.Errorf("the RSA key has %d bits, and no verifier takes less than %d", k.N.BitLen(), minBits)
		}
		return k, nil
	}
	return nil, errors.New("the private key is neither RSA nor Ed25519")
}

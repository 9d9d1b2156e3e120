package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// certificate is what a server on loopback shows, and the authority that vouches
// for it. Both are made for one run; their keys never touch a disk.
type certificate struct {
	authority []byte // PEM, for ca_file
	pair      tls.Certificate
}

// newCertificate makes a certificate for localhost, 127.0.0.1 and ::1 and signs
// it with an authority of its own, so that the way through verification is the
// one that a real certificate takes.
func newCertificate(now time.Time) (certificate, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	ca := template("mailchute sandbox authority", now)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	ca.SerialNumber = big.NewInt(1)
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return certificate{}, err
	}

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	leaf := template("localhost", now)
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.SerialNumber = big.NewInt(2)
	leaf.DNSNames, leaf.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return certificate{}, err
	}
	return certificate{
		authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		pair:      tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key},
	}, nil
}

// template is what both certificates have in common. A clock that is set back an
// hour while the sandbox runs does no harm.
func template(name string, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.AddDate(0, 1, 0),
	}
}

package sasl

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// binding is what ties a login to the TLS connection it travels in (RFC 5056):
// both ends compute it, so a login relayed through somebody else's TLS fails.
type binding struct {
	kind string // registered name, "tls-exporter"
	data []byte
}

// bind computes the binding that a server is to expect: tls-exporter on TLS 1.3
// (RFC 9266 section 3); before that tls-unique, the default of RFC 5802 section
// 6.1, where the handshake has one, else the server's certificate.
func bind(state *tls.ConnectionState) (binding, error) {
	switch {
	case state == nil:
		return binding{}, errors.New("there is no TLS connection to bind to")
	case state.Version >= tls.VersionTLS13:
		data, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
		if err != nil {
			return binding{}, fmt.Errorf("binding to the TLS connection: %w", err)
		}
		return binding{"tls-exporter", data}, nil
	case len(state.TLSUnique) > 0:
		return binding{"tls-unique", state.TLSUnique}, nil
	case len(state.PeerCertificates) > 0:
		data, err := endPoint(state.PeerCertificates[0])
		return binding{"tls-server-end-point", data}, err
	}
	return binding{}, errors.New("the TLS connection has nothing to bind to")
}

// endPoint is the hash of a certificate by the hash function of its signature,
// SHA-256 in place of MD5 and SHA-1 (RFC 5929 section 4.1). A signature without
// a single hash function has no binding.
func endPoint(cert *x509.Certificate) ([]byte, error) {
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
		x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.DSAWithSHA256, x509.ECDSAWithSHA256:
		sum := sha256.Sum256(cert.Raw)
		return sum[:], nil
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		sum := sha512.Sum384(cert.Raw)
		return sum[:], nil
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		sum := sha512.Sum512(cert.Raw)
		return sum[:], nil
	}
	return nil, fmt.Errorf("a certificate signed with %s cannot be bound to", cert.SignatureAlgorithm)
}

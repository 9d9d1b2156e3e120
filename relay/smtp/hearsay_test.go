package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"mailchute/relay/smtp/smtptest"
)

func TestTheEndpointSaysWhatACertificateProves(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	good := func([]*x509.Certificate) error { return nil }
	bad := func(chain []*x509.Certificate) error {
		return errors.New("no record for " + chain[0].DNSNames[0])
	}
	for _, tt := range []struct {
		name       string
		host       string
		hearsay    bool
		verify     func([]*x509.Certificate) error
		security   Security
		err        string
		unverified string
	}{
		{"the name is known", "mx.example", false, nil, StartTLS, "", ""},
		{"the name is hearsay", "mx.example", true, nil, StartTLS, "", "without proof"},
		{"the name is hearsay and wrong", "mx2.example", true, nil, StartTLS, `not for "mx2.example"`, ""},
		{"somebody else verifies, and is content", "mx2.example", false, good, StartTLS, "", ""},
		{"somebody else verifies, and is not", "mx.example", false, bad, StartTLS, "no record for mx.example", ""},
		{"somebody else verifies what is hearsay", "mx.example", true, good, StartTLS, "", "without proof"},
		{"opportunistic, somebody else is not content", "mx.example", false, bad, Opportunistic, "", "no record"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := Endpoint{Network: "tcp", Address: "127.0.0.1:1", Host: tt.host, Security: tt.security, Hearsay: tt.hearsay, Verify: tt.verify}
			c := &Conn{endpoint: e, options: Options{TLS: TLS{RootsFile: ca.File}}}
			made, err := c.tlsConfig()
			if err != nil {
				t.Fatal(err)
			}
			err = made.VerifyConnection(tls.ConnectionState{PeerCertificates: []*x509.Certificate{config.Certificates[0].Leaf}})
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v", err)
			}
			why := c.Unverified()
			if err == nil && (why == nil) != (tt.unverified == "") || c.Trusted() != (why == nil) {
				t.Errorf("trusted %v, unverified %v", c.Trusted(), why)
			}
		})
	}
}

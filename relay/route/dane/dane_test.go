package dane

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"mailchute/relay/route/dns"
)

type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate, signed by parent or by itself.
func issue(t *testing.T, parent *signer, ca bool, until time.Time, names ...string) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"}, DNSNames: names,
		NotBefore: time.Unix(1e9, 0), NotAfter: until, IsCA: ca, BasicConstraintsValid: true}
	s := &signer{key: key}
	by := &signer{cert: template, key: key}
	if parent != nil {
		by = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return s
}

func record(usage, selector, matching uint8, c *x509.Certificate) dns.TLSA {
	data := c.Raw
	if selector == selectKey {
		data = c.RawSubjectPublicKeyInfo
	}
	switch matching {
	case matchSHA256:
		sum := sha256.Sum256(data)
		data = sum[:]
	case matchSHA512:
		sum := sha512.Sum512(data)
		data = sum[:]
	}
	return dns.TLSA{Usage: usage, Selector: selector, Matching: matching, Data: data}
}

func TestVerify(t *testing.T) {
	later, past := time.Now().Add(time.Hour), time.Unix(1.1e9, 0)
	root := issue(t, nil, true, later)
	middle := issue(t, root, true, later)
	leaf := issue(t, middle, false, later, "mx.example.org")
	other := issue(t, nil, false, past, "elsewhere.example")
	late := issue(t, middle, false, past, "mx.example.org")
	chain := []*x509.Certificate{leaf.cert, middle.cert, root.cert}
	name := []string{"mx.example.org"}
	for _, tt := range []struct {
		name    string
		records []dns.TLSA
		chain   []*x509.Certificate
		names   []string
		good    bool
	}{
		{"DANE-EE by the digest of the key", []dns.TLSA{record(3, 1, 1, leaf.cert)}, chain, name, true},
		{"DANE-EE by the digest of the certificate", []dns.TLSA{record(3, 0, 2, leaf.cert)}, chain, name, true},
		{"DANE-EE by the whole key", []dns.TLSA{record(3, 1, 0, leaf.cert)}, chain, name, true},
		{"DANE-EE looks at neither name nor date", []dns.TLSA{record(3, 1, 1, other.cert)}, []*x509.Certificate{other.cert}, name, true},
		{"DANE-EE of another key", []dns.TLSA{record(3, 1, 1, other.cert)}, chain, name, false},
		{"DANE-EE does not match an issuer", []dns.TLSA{record(3, 1, 1, middle.cert)}, chain, name, false},
		{"one of several is enough: a key that is being changed", []dns.TLSA{record(3, 1, 1, other.cert), record(3, 1, 1, leaf.cert)}, chain, name, true},
		{"DANE-TA of the root", []dns.TLSA{record(2, 0, 1, root.cert)}, chain, name, true},
		{"DANE-TA of the issuer between, root not sent", []dns.TLSA{record(2, 1, 1, middle.cert)}, chain[:2], name, true},
		{"DANE-TA wants the name", []dns.TLSA{record(2, 0, 1, root.cert)}, chain, []string{"mx.example.net"}, false},
		{"DANE-TA takes one of the names", []dns.TLSA{record(2, 0, 1, root.cert)}, chain, []string{"example.org", "mx.example.org"}, true},
		{"DANE-TA wants the date", []dns.TLSA{record(2, 0, 1, root.cert)}, []*x509.Certificate{late.cert, middle.cert, root.cert}, name, false},
		{"DANE-TA of an issuer that is not in the chain", []dns.TLSA{record(2, 0, 1, root.cert)}, chain[:2], name, false},
		{"DANE-TA whose certificate is there but has not signed", []dns.TLSA{record(2, 0, 1, root.cert)}, []*x509.Certificate{other.cert, root.cert}, name, false},
		{"no chain at all", []dns.TLSA{record(3, 1, 1, leaf.cert)}, nil, name, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := Verify(tt.records, tt.chain, tt.names...); (err == nil) != tt.good {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOnlyRecordsForMailAreUsable(t *testing.T) {
	sum := make([]byte, 32)
	for _, tt := range []struct {
		name   string
		record dns.TLSA
		want   int
	}{
		{"DANE-EE", dns.TLSA{Usage: 3, Selector: 1, Matching: 1, Data: sum}, 1},
		{"DANE-TA", dns.TLSA{Usage: 2, Selector: 0, Matching: 1, Data: sum}, 1},
		{"PKIX-TA is not for SMTP", dns.TLSA{Usage: 0, Selector: 1, Matching: 1, Data: sum}, 0},
		{"PKIX-EE is not for SMTP", dns.TLSA{Usage: 1, Selector: 1, Matching: 1, Data: sum}, 0},
		{"an unknown selector", dns.TLSA{Usage: 3, Selector: 2, Matching: 1, Data: sum}, 0},
		{"an unknown digest", dns.TLSA{Usage: 3, Selector: 1, Matching: 3, Data: sum}, 0},
		{"a digest of the wrong length", dns.TLSA{Usage: 3, Selector: 1, Matching: 2, Data: sum}, 0},
		{"nothing to match", dns.TLSA{Usage: 3, Selector: 1, Matching: 0}, 0},
	} {
		if got := len(Usable([]dns.TLSA{tt.record})); got != tt.want {
			t.Errorf("%s: %d", tt.name, got)
		}
	}
}

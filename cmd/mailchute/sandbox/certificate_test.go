package sandbox

import (
	"crypto/x509"
	"testing"
	"time"
)

func TestTheCertificateIsGoodForLoopbackOnly(t *testing.T) {
	now := time.Now()
	c, err := newCertificate(now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(c.pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.authority) {
		t.Fatal("the authority is no certificate")
	}
	for name, want := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "example.org": false} {
		_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now})
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := leaf.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: x509.NewCertPool()}); err == nil {
		t.Error("it is good without its authority")
	}
}

// Package dane verifies the certificate of a mail server by its TLSA records, as
// RFC 7672 narrows RFC 6698 for SMTP.
//
// The promise: a chain passes only when a usable record says so. Public issuers
// have no voice. Whether the records can be believed (DNSSEC) is the caller's to
// know; nothing here looks at the network.
package dane

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"

	"mailchute/relay/route/dns"
)

// The values of a TLSA record that SMTP uses, RFC 7672 section 3.1. The usages 0
// and 1 lean on public issuers and are not for SMTP (section 3.1.3).
const (
	usageTA = 2 // an issuer, anywhere in the chain
	usageEE = 3 // the server's certificate or key itself

	selectCertificate = 0
	selectKey         = 1

	matchExactly = 0
	matchSHA256  = 1
	matchSHA512  = 2
)

// maxRecords bounds the work: each record is held against each certificate.
const maxRecords = 32

// Usable is the records that Verify can use.
func Usable(records []dns.TLSA) []dns.TLSA {
	var usable []dns.TLSA
	for _, r := range records {
		if isUsable(r) && len(usable) < maxRecords {
			usable = append(usable, r)
		}
	}
	return usable
}

func isUsable(r dns.TLSA) bool {
	if r.Usage != usageTA && r.Usage != usageEE || r.Selector > selectKey {
		return false
	}
	switch r.Matching {
	case matchExactly:
		return len(r.Data) > 0
	case matchSHA256:
		return len(r.Data) == sha256.Size
	case matchSHA512:
		return len(r.Data) == sha512.Size
	}
	return false
}

// Verify checks a chain, the server's certificate first, against usable records.
// DANE-EE looks at neither names nor dates (RFC 7672 section 3.1.1); DANE-TA
// wants a chain to the issuer and one of names in the certificate (3.1.2, 3.2.2).
func Verify(records []dns.TLSA, chain []*x509.Certificate, names ...string) error {
	if len(chain) == 0 {
		return errors.New("the server has no certificate")
	}
	var why error
	for _, r := range records {
		switch {
		case r.Usage == usageEE && matches(r, chain[0]):
			return nil
		case r.Usage == usageTA:
			if err := verifyIssuer(r, chain, names); err == nil {
				return nil
			} else if why == nil {
				why = err
			}
		}
	}
	if why != nil {
		return why
	}
	return fmt.Errorf("none of %d TLSA records matches the server's certificate", len(records))
}

var errNoIssuer = errors.New("no certificate in the server's chain matches its TLSA records")

// verifyIssuer takes the certificate that matches as the only root.
func verifyIssuer(r dns.TLSA, chain []*x509.Certificate, names []string) error {
	err := errNoIssuer
	for _, issuer := range chain {
		if !matches(r, issuer) {
			continue
		}
		options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
		options.Roots.AddCert(issuer)
		for _, c := range chain[1:] {
			options.Intermediates.AddCert(c)
		}
		for _, name := range names {
			options.DNSName = name
			if _, err = chain[0].Verify(options); err == nil {
				return nil
			}
		}
	}
	return err
}

func matches(r dns.TLSA, c *x509.Certificate) bool {
	what := c.Raw
	if r.Selector == selectKey {
		what = c.RawSubjectPublicKeyInfo
	}
	switch r.Matching {
	case matchSHA256:
		sum := sha256.Sum256(what)
		what = sum[:]
	case matchSHA512:
		sum := sha512.Sum512(what)
		what = sum[:]
	}
	return bytes.Equal(what, r.Data)
}

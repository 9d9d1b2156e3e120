package check

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// expiresSoon is how long before its end a certificate is worth a warning: one
// that renews itself does so earlier.
const expiresSoon = 14 * 24 * time.Hour

// tellTLS says how the connection is protected.
func (p *probe) tellTLS(at about, now time.Time) {
	state := p.conn.TLS()
	if state == nil {
		if p.conn.Trusted() {
			at.ok("tls", "none, and none is needed on this machine")
			return
		}
		at.warn("tls", "none: whoever is on the way can read the mail", "if the server knows TLS, say submission:// or submissions:// for it")
		return
	}
	leaf := state.PeerCertificates[0]
	if err := p.conn.Unverified(); err != nil {
		at.warn("tls", tls.VersionName(state.Version)+", but it could be anybody: "+err.Error(), "")
	} else {
		at.ok("tls", tls.VersionName(state.Version)+", "+chain(state.PeerCertificates)+", "+tls.CipherSuiteName(state.CipherSuite))
	}
	tellStart(at, leaf.NotBefore, now)
	tellValidity(at, leaf.NotAfter, now)
}

// tellValidity says how long the server's certificate has.
func tellValidity(at about, end, now time.Time) {
	until := end.UTC().Format(time.DateOnly)
	switch left := end.Sub(now); {
	case left <= 0:
		at.warn("certificate", "it expired on "+until, "those who run the server must renew it")
	case left < expiresSoon:
		at.warn("certificate", fmt.Sprintf("it expires in %d days, on %s", int(left.Hours()/24), until), "those who run the server must renew it")
	default:
		at.ok("certificate", fmt.Sprintf("valid until %s, %d days more", until, int(left.Hours()/24)))
	}
}

// tellStart says when a certificate is not valid yet: renewed certificates are
// older than their use, so it is the clock.
func tellStart(at about, start, now time.Time) {
	if now.Before(start) {
		at.warn("clock", "the server's certificate is valid from "+start.UTC().Format(time.RFC3339)+" only, and here it is "+now.UTC().Format(time.RFC3339), "is the clock right?")
	}
}

// chain is whom the server's certificate is for, and who signed it, up to the
// last that the server sent.
func chain(certificates []*x509.Certificate) string {
	leaf := certificates[0]
	who := leaf.Subject.CommonName
	if len(leaf.DNSNames) > 0 {
		who = leaf.DNSNames[0]
		if n := len(leaf.DNSNames) - 1; n > 0 {
			who += fmt.Sprintf(" (and %d more)", n)
		}
	}
	words := []string{"the certificate of " + who}
	for _, c := range certificates {
		issuer := c.Issuer.CommonName
		if issuer == "" {
			issuer = strings.Join(c.Issuer.Organization, " ")
		}
		if issuer != "" && issuer != c.Subject.CommonName {
			words = append(words, "by "+issuer)
		}
	}
	return strings.Join(words, " ")
}

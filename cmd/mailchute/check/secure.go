package check

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/wire"
	"mailchute/relay/oauth"
	"mailchute/relay/smtp"
)

// expiresSoon is how long before its end a certificate is worth a warning: one
// that renews itself does so earlier.
const expiresSoon = 14 * 24 * time.Hour

// tellTLS says how the connection is protected.
func (p *probe) tellTLS(at About, now time.Time) {
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
func tellValidity(at About, end, now time.Time) {
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
func tellStart(at About, start, now time.Time) {
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

// tellLogin says which logins there are and which one works.
func (p *probe) tellLogin(at About) {
	offered := "none is offered"
	if auth := p.conn.Extensions().Auth; len(auth) > 0 {
		offered = "offered are " + strings.Join(auth, " ")
	}
	switch {
	case !p.wantsLogin:
		at.ok("login", "none is configured; "+offered)
	case p.loginErr == nil:
		at.ok("login", fmt.Sprintf("%s works for %s; %s", p.mechanism, p.user, offered))
	default:
		var e *smtp.Error
		if errors.As(p.loginErr, &e) && (e.Phase != smtp.PhaseLogin || e.Timeout || e.Reply == nil && !e.Local) {
			at.error("login", exit.TempFail, p.loginErr.Error(), "")
			return
		}
		at.error("login", exit.NoPerm, p.loginErr.Error()+"; "+offered, hintOfLogin(e, p.mechanism))
	}
}

func hintOfLogin(e *smtp.Error, mechanism string) string {
	switch {
	case e == nil, errors.As(e, new(*oauth.Error)): // it says so itself
		return ""
	case errors.Is(e, smtp.ErrUntrusted):
		return "say submission:// or submissions:// for the server"
	case errors.Is(e, smtp.ErrNoMechanism):
		return `leave auth at "auto", or take user away where no login is needed`
	case e.Reply != nil && wire.IsTokenMechanism(mechanism):
		return "is the token for the mailbox of that user, with the scope for sending, and may the mailbox send by SMTP?"
	case e.Reply != nil:
		return "are user and password right? Some servers want a password of its own for each program"
	}
	return "the password must come from password, password_file, password_command or password_credential"
}

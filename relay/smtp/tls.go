package smtp

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"mailchute/relay/cause"
)

// startTLS does the handshake on the connection as it is now, within the time
// for the greeting.
func (c *Conn) startTLS() *Error {
	fail := func(err error) *Error {
		e := &Error{Phase: PhaseTLS, Err: err}
		if isTimeout(err) {
			e.Err, e.Timeout = lateError{c.options.Timeouts.Greeting}, true
		}
		c.fail(e)
		return c.dead
	}
	config, err := c.tlsConfig()
	if err != nil {
		return fail(err)
	}
	under := &cork{Conn: c.wire.raw, handshaking: true}
	conn := tls.Client(under, config)
	_ = c.wire.raw.SetDeadline(time.Now().Add(c.options.Timeouts.Greeting))
	err = conn.Handshake()
	under.handshaking = false
	if err != nil {
		_ = under.flush() // the alert that tells the server why
		return fail(handshakeError(err))
	}
	state := conn.ConnectionState()
	c.tls = &state
	c.wire.secure(conn, under)
	return nil
}

// tlsConfig reads the files and makes the configuration. Verification is done
// by verify and not by package tls, to tell what is wrong in words and to let
// Opportunistic go on without.
func (c *Conn) tlsConfig() (*tls.Config, error) {
	t := &c.options.TLS
	config := &tls.Config{
		ServerName:                  c.host(),
		MinVersion:                  cmp.Or(t.MinVersion, tls.VersionTLS12), // RFC 8997, which renews RFC 8314 section 4.1
		InsecureSkipVerify:          true,                                   // VerifyConnection does it
		DynamicRecordSizingDisabled: true,                                   // a small record is another write
	}
	var roots *x509.CertPool
	if t.RootsFile != "" {
		pem, err := os.ReadFile(t.RootsFile)
		if err != nil {
			return nil, fmt.Errorf("tls.ca_file: %w", err)
		}
		if roots = x509.NewCertPool(); !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca_file: no certificate in %q", t.RootsFile)
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, cmp.Or(t.KeyFile, t.CertFile))
		if err != nil {
			return nil, fmt.Errorf("tls.client_cert: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		err := c.verify(state.PeerCertificates, config.ServerName, roots)
		c.unverified = err
		if err == nil && c.endpoint.Hearsay {
			c.unverified = errHearsay
		}
		c.verified = c.unverified == nil
		if c.endpoint.Security == Opportunistic && t.Fingerprint == nil {
			return nil // RFC 7435: better than no TLS at all, which would be the other choice
		}
		return err
	}
	return config, nil
}

var errHearsay = errors.New("the server's certificate is good, but its name came from DNS without proof")

func (c *Conn) verify(chain []*x509.Certificate, name string, roots *x509.CertPool) error {
	if c.endpoint.Verify != nil && c.options.TLS.Fingerprint == nil {
		return c.endpoint.Verify(chain)
	}
	return c.options.TLS.verify(chain, name, roots)
}

// verify checks the certificate of a server: the fingerprint if there is one,
// else chain, validity and name (RFC 3207 section 4.1, RFC 8314 section 5.3).
func (t *TLS) verify(chain []*x509.Certificate, name string, roots *x509.CertPool) error {
	leaf := chain[0]
	if t.Fingerprint != nil {
		if sum := sha256.Sum256(leaf.Raw); !bytes.Equal(sum[:], t.Fingerprint) {
			return fmt.Errorf("the server's certificate has another fingerprint, sha256:%s; "+
				"if that is right, set tls.fingerprint to it", hex.EncodeToString(sum[:]))
		}
		return nil
	}
	others := x509.NewCertPool()
	for _, cert := range chain[1:] {
		others.AddCert(cert)
	}
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: others})
	return certificateError(err, leaf, name)
}

// certificateError says in words what is wrong with a certificate, and what can
// be done.
func certificateError(err error, leaf *x509.Certificate, name string) error {
	var (
		hostname  x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &hostname):
		return fmt.Errorf("the server's certificate is for %s, not for %s; "+
			"if that is the right server, set tls.server_name", names(leaf), quote(name))
	case errors.As(err, &authority) && bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		return fmt.Errorf("the server's certificate for %s is signed by itself; put it into tls.ca_file, "+
			"or set tls.fingerprint to sha256:%x", names(leaf), sha256.Sum256(leaf.Raw))
	case errors.As(err, &authority):
		return fmt.Errorf("the server's certificate for %s is signed by %s, who is not trusted here; "+
			"put that issuer's certificate into tls.ca_file", names(leaf), quote(leaf.Issuer.String()))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return validity(leaf, time.Now())
	}
	return fmt.Errorf("the server's certificate for %s, issued by %s, cannot be verified: %w",
		names(leaf), quote(leaf.Issuer.String()), err)
}

func validity(leaf *x509.Certificate, now time.Time) error {
	const day = "2006-01-02 15:04 MST"
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("the server's certificate for %s expired on %s", names(leaf), leaf.NotAfter.UTC().Format(day))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("the server's certificate for %s is not valid before %s; is this machine's clock right?",
			names(leaf), leaf.NotBefore.UTC().Format(day))
	}
	return fmt.Errorf("an issuer of the server's certificate for %s has expired", names(leaf))
}

// names is whom a certificate is for, the first few of them.
func names(leaf *x509.Certificate) string {
	const most = 5
	var all []string
	for _, n := range leaf.DNSNames {
		all = append(all, quote(n))
	}
	for _, ip := range leaf.IPAddresses {
		all = append(all, quote(ip.String()))
	}
	switch {
	case len(all) == 0:
		return "nobody (it has no name that counts)"
	case len(all) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

// handshakeError adds what a failed handshake most often means.
func handshakeError(err error) error {
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return errors.New("the server does not speak TLS on this port from the start; with STARTTLS it may")
	}
	return cause.Of(err)
}

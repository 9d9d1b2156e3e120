package smtp

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"time"

	"mailchute/relay/secret"
)

// Security is how a connection is protected.
type Security int

// The kinds of protection. Never is the zero value: TLS has to be asked for.
const (
	Never         Security = iota // no TLS, not even when it is offered
	Opportunistic                 // STARTTLS when it is offered, whatever the certificate (RFC 7435); else in the clear
	StartTLS                      // STARTTLS, or nothing is sent (RFC 3207)
	Implicit                      // TLS from the first octet (RFC 8314 section 3.3)
)

// Endpoint is where a server is reached.
type Endpoint struct {
	Network  string // "tcp", "tcp4", "tcp6" or "unix"
	Address  string // host:port with a name or a literal address, or the path of a socket
	Host     string // the server's name in certificates and messages; "" is the host of Address
	Security Security

	// Hearsay: Host was learnt from DNS without proof. Its certificate is verified
	// as Security demands, but makes nobody Trusted: whoever forged the name has a
	// good certificate for it.
	Hearsay bool

	// Verify, if not nil, takes the place of chain and name: it judges the
	// certificates that the server sent, its own first (DANE, RFC 7672).
	Verify func(chain []*x509.Certificate) error
}

// TLS is what is asked of TLS. The zero value asks for TLS 1.2, a certificate
// for the endpoint's host, and an issuer that the system trusts.
type TLS struct {
	RootsFile         string // PEM file of trusted issuers instead of the system's
	CertFile, KeyFile string // the client's own certificate, PEM
	Fingerprint       []byte // SHA-256 of the server's certificate; replaces all other verification
	MinVersion        uint16 // tls.VersionTLS12 and so on; 0 is TLS 1.2
	ServerName        string // the name that the certificate must have, if not the endpoint's host
}

// Login is who logs in.
type Login struct {
	User       string
	Secret     func(ctx context.Context) (secret.Secret, error) // called once a connection, when it is needed; nil: there is none
	Mechanisms []string                                         // tried in this order; nil: the strongest first

	// Renew gives another secret in place of one that the server refused, once a
	// connection; nil: there is no other. For tokens, which end before their time.
	Renew func(ctx context.Context, refused secret.Secret) (secret.Secret, error)
}

// Timeouts are the waits of RFC 5321 section 4.5.3.2. A zero one has its default.
type Timeouts struct {
	Connect  time.Duration // to a connection, for all addresses of the name
	Greeting time.Duration // to the greeting; also for the TLS handshake
	Mail     time.Duration // for the reply to MAIL, and to all commands not named here
	Rcpt     time.Duration // for the reply to RCPT
	Data     time.Duration // for the reply to DATA
	Block    time.Duration // until a block is written: 128 KiB, or 1 MiB of a file that the kernel sends
	Final    time.Duration // for the reply to the message
}

// complete fills in the defaults: those of the RFC, and half a minute to connect.
func (t Timeouts) complete() Timeouts {
	return Timeouts{
		Connect:  cmp.Or(t.Connect, 30*time.Second),
		Greeting: cmp.Or(t.Greeting, 5*time.Minute),
		Mail:     cmp.Or(t.Mail, 5*time.Minute),
		Rcpt:     cmp.Or(t.Rcpt, 5*time.Minute),
		Data:     cmp.Or(t.Data, 2*time.Minute),
		Block:    cmp.Or(t.Block, 3*time.Minute),
		Final:    cmp.Or(t.Final, 10*time.Minute),
	}
}

// Options is how a client behaves. The zero value is ready for use.
type Options struct {
	Hello        string // the EHLO argument; "" is the address literal of the local end (RFC 5321 section 4.1.3)
	TLS          TLS
	Login        *Login // nil: nobody logs in
	Timeouts     Timeouts
	NoPipelining bool // one command at a time, whatever the server offers

	// Dial makes the connection; nil is a net.Dialer. With one, a loopback
	// address counts as such only when it is named in Endpoint.Address: behind a
	// proxy the address of the other end says nothing.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Trace is called with each line of the dialogue, "C: EHLO x" and "S: 250
	// ok", secrets replaced by "[secret]". Content is one line that tells its
	// size. Lines hold no control characters.
	Trace func(line string)
}

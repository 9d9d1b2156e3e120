// Package config is the configuration file: TOML in, checked values out.
//
// Parse is pure. It reports every mistake of a file at once, each with file,
// line and key, and with the key that was probably meant. What it returns needs
// no further check: a duration is a duration, a smarthost has its port, a path is
// absolute. Secrets stay in values that cannot print themselves, and no error
// holds one.
//
// The top level of the file is the default account. Each [account.NAME] starts
// as a copy of it and overrides what it names.
package config

import (
	"net/netip"
	"time"

	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/secret"
)

// Config is one configuration file. It is not changed after Parse, and its
// accounts share what they inherit.
type Config struct {
	Path     string    // the name it was parsed under
	Default  Account   // the top level; its Name is ""
	Accounts []Account // in the order of the file
}

// Account is everything that an account can set.
type Account struct {
	Name  string
	Match []string // address patterns, see MatchAddress

	Smarthosts []route.Smarthost // tried in order; nil: none is configured
	User       string            // "": no login
	Secret     secret.Source
	Auth       []string // SASL mechanisms in order, upper case; nil: the strongest that is offered
	AuthOff    bool

	Delivery              Delivery
	Aliases               string // path; "": none
	AliasesRewriteHeaders bool
	SourceAddress         netip.Addr // the zero Addr: the system chooses
	Proxy                 Proxy

	TLS      TLS
	Identity Identity
	Queue    Queue
	Redirect Redirect
	Timeouts Timeouts
	Log      Log
	Serve    Serve
	DKIM     DKIM
	OAuth    OAuth
}

// Delivery is when a message is sent on.
type Delivery string

// The values of delivery.
const (
	Sync       Delivery = "sync"       // before the program ends
	Background Delivery = "background" // by a process of its own, once it is in the queue
	Queued     Delivery = "queue"      // by the next run of the queue
)

// Proxy is a SOCKS5 proxy, RFC 1928. An empty Address means none.
type Proxy struct {
	Address  string // host:port
	User     string // RFC 1929; "": no login
	Password secret.Secret
}

// TLS has the fields of the client engine's TLS in their order, so that one
// converts to the other.
type TLS struct {
	RootsFile   string // PEM; "": the system's
	CertFile    string // PEM; set if and only if KeyFile is
	KeyFile     string
	Fingerprint []byte // SHA-256 of the server's certificate; nil: it is verified
	MinVersion  uint16 // as in crypto/tls
	ServerName  string // the name in the certificate; "": the smarthost's
}

// Identity is who the machine and its users are.
type Identity struct {
	Hostname    string   // EHLO name and domain of a Message-ID; "": find out
	Domain      string   // qualifies bare addresses; "": find out
	Address     string   // a checked template with {user} {host} {domain}, or "none", or ""
	ReplaceFrom bool     // from = "address"
	KeepSender  bool     // sender = "keep"
	Trusted     []string // users whose -f counts, "*" for all; nil: the key is not set, see TrustedOr
}

// TrustedOr is who is trusted, with the answer for a file that does not say:
// all at the command line, none in serve.
func (i Identity) TrustedOr(unset ...string) []string {
	if i.Trusted == nil {
		return unset
	}
	return i.Trusted
}

// Queue is where and how long messages wait, RFC 5321 section 4.5.4.1.
type Queue struct {
	Enabled    bool
	Dir        string // "": the place depends on who runs the program
	RetryMin   time.Duration
	RetryMax   time.Duration // at least RetryMin
	Expire     time.Duration
	WarnAfter  time.Duration // 0: never
	KeepFailed time.Duration // how long what failed for good can still be looked at
	Workers    int
}

// Redirect is what is done on 551, 557 and 558, draft-sam-smtp-redirects.
type Redirect struct {
	redirect.Policy
	OnRedirect string // command, run with OLD NEW CODE; "": none
}

// Timeouts has the fields of the client engine's Timeouts in their order, RFC
// 5321 section 4.5.3.2.
type Timeouts struct {
	Connect, Greeting, Mail, Rcpt, Data, Block, Final time.Duration
}

// Log is where records go.
type Log struct {
	To     string // auto, stderr, none or an absolute path
	Format string // text or json
}

// Serve is the local submission server.
type Serve struct {
	Listen        []Listen
	Users         map[string][]string // which sender addresses a user may use: patterns, see MatchAddress; nil: no such rule
	MaxSize       int64               // octets of a message, RFC 1870; 0: no limit
	MaxRecipients int                 // of a message, at least 100, RFC 5321 section 4.5.3.1.8

	MessagesPerMinute    int    // of each user, root not counted; 0: no limit
	ConnectionsPerMinute int    // likewise
	Metrics              Listen // where Prometheus asks; the zero Listen: nowhere
}

// Listen is one socket in the words of net.Listen.
type Listen struct {
	Network string // unix or tcp
	Address string // an absolute path, or a loopback address and a port
}

// String is the form of the configuration file.
func (l Listen) String() string {
	if l.Network == "unix" {
		return "unix:" + l.Address
	}
	return l.Address
}

// DKIM is how messages are signed, RFC 6376. All fields are set or none.
type DKIM struct {
	Domain, Selector, KeyFile string
}

// OAuth is where the access tokens for the login come from, RFC 6749. It takes the
// place of Account.Secret; without a ClientID there is none.
type OAuth struct {
	Provider     string // one of oauth.Providers, or "" with endpoints
	Tenant       string // Microsoft's
	ClientID     string
	ClientSecret secret.Source // the zero one: a client without
	Scope        string        // "": the provider's

	// Endpoints, https or on loopback. "": the provider's, if it has one.
	Authorization, Token, Device, Revocation string

	TokenFile string // absolute path; "": the place depends on who runs the program
	Load      string // command that prints the token that Save was given; both or none
	Save      string
}

// holdsSecret tells whether the file itself has a secret in it.
func (c *Config) holdsSecret() bool {
	holds := c.Default.holdsSecret()
	for i := range c.Accounts {
		holds = holds || c.Accounts[i].holdsSecret()
	}
	return holds
}

func (a *Account) holdsSecret() bool {
	return a.Secret.Text != "" || !a.Proxy.Password.IsZero() || a.OAuth.ClientSecret.Text != ""
}

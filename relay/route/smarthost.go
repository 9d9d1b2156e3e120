// Package route leads from a smarthost as people write it to the endpoints that
// are tried, in order, and to the dialer that reaches them.
package route

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"mailchute/headers/address"
	"mailchute/relay/smtp"
)

// Scheme is how a smarthost is spoken to.
type Scheme string

// The schemes.
const (
	Submissions Scheme = "submissions" // TLS from the start, RFC 8314 section 3.3
	Submission  Scheme = "submission"  // STARTTLS demanded, RFC 6409 section 3.1
	SMTP        Scheme = "smtp"        // STARTTLS when offered
	Plain       Scheme = "smtp+plain"  // never TLS
	Unix        Scheme = "unix"        // SMTP on a Unix socket
	SRV         Scheme = "srv"         // found by SRV records, RFC 6186 and 8314
	MX          Scheme = "mx"          // no smarthost: each domain's own servers
)

const schemes = "submissions://, submission://, smtp://, smtp+plain://, unix:/path, srv:domain and mx:"

// Smarthost is one configured way out.
type Smarthost struct {
	Scheme Scheme
	Host   string // a name, an IPv4 or IPv6 address without brackets, or the domain of srv:
	Port   int    // never 0 where a port has a meaning
	Path   string // of a Unix socket
}

// ParseSmarthost reads the forms of a smarthost. A bare host is submission://.
func ParseSmarthost(text string) (Smarthost, error) {
	if strings.ContainsAny(text, " \t\r\n\x00") || text == "" {
		return Smarthost{}, fmt.Errorf("%q is no smarthost", text)
	}
	switch {
	case strings.HasPrefix(text, "unix:"):
		path := strings.TrimPrefix(strings.TrimPrefix(text, "unix:"), "//")
		if !strings.HasPrefix(path, "/") {
			return Smarthost{}, fmt.Errorf("%q: a Unix socket needs an absolute path", text)
		}
		return Smarthost{Scheme: Unix, Path: path}, nil
	case strings.HasPrefix(text, "srv:"):
		domain := text[len("srv:"):]
		if !address.IsDomain(domain) {
			return Smarthost{}, fmt.Errorf("%q: srv: needs a domain", text)
		}
		return Smarthost{Scheme: SRV, Host: domain}, nil
	case text == "mx:":
		return Smarthost{Scheme: MX, Port: 25}, nil
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = string(Submission), text
	}
	s := Smarthost{Scheme: Scheme(scheme)}
	switch s.Scheme {
	case Submissions:
		s.Port = 465
	case Submission:
		s.Port = 587
	case SMTP, Plain:
		s.Port = 25
	default:
		return Smarthost{}, fmt.Errorf("%q: unknown scheme %q; there are %s", text, scheme, schemes)
	}
	return s, s.hostPort(rest, text)
}

// hostPort reads host, host:port, [v6], [v6]:port or a bare IPv6 address.
func (s *Smarthost) hostPort(rest, text string) error {
	rest = strings.TrimSuffix(rest, "/")
	if strings.ContainsAny(rest, "@/?#") {
		return fmt.Errorf("%q: want only a host and maybe a port; user and password have keys of their own", text)
	}
	host, port := rest, ""
	if a, err := netip.ParseAddr(rest); err == nil && a.Is6() {
		s.Host = rest
		return nil
	}
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return fmt.Errorf("%q: unclosed bracket", text)
		}
		if a, err := netip.ParseAddr(rest[1:end]); err != nil || !a.Is6() {
			return fmt.Errorf("%q: %q is no IPv6 address", text, rest[1:end])
		}
		host, port = rest[1:end], rest[end+1:]
		if port != "" && port[0] != ':' {
			return fmt.Errorf("%q: unexpected %q behind the bracket", text, port)
		}
		port = strings.TrimPrefix(port, ":")
	} else if i := strings.IndexByte(rest, ':'); i >= 0 {
		host, port = rest[:i], rest[i+1:]
		if port == "" {
			return fmt.Errorf("%q: no port behind the colon", text)
		}
	}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%q: %q is no port", text, port)
		}
		s.Port = n
	}
	if _, err := netip.ParseAddr(host); err != nil && !address.IsDomain(strings.TrimSuffix(host, ".")) {
		return fmt.Errorf("%q: %q is no host name", text, host)
	}
	s.Host = host
	return nil
}

// String is the form that ParseSmarthost reads.
func (s Smarthost) String() string {
	switch s.Scheme {
	case Unix:
		return "unix:" + s.Path
	case SRV:
		return "srv:" + s.Host
	case MX:
		return "mx:"
	}
	return string(s.Scheme) + "://" + net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// Endpoint is where and how to connect. Only srv: and mx: have none of their own.
func (s Smarthost) Endpoint() (smtp.Endpoint, bool) {
	e := smtp.Endpoint{Network: "tcp", Host: s.Host}
	switch s.Scheme {
	case Unix:
		return smtp.Endpoint{Network: "unix", Address: s.Path, Host: s.Path, Security: smtp.Never}, true
	case Submissions:
		e.Security = smtp.Implicit
	case Submission:
		e.Security = smtp.StartTLS
	case SMTP:
		e.Security = smtp.Opportunistic
	case Plain:
		e.Security = smtp.Never
	default:
		return smtp.Endpoint{}, false
	}
	e.Address = net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
	return e, true
}

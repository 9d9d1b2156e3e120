// Package route leads from a smarthost as people write it to the endpoints that
// are tried, in order, and to the dialer that reaches them.
package route

import (
	"errors"
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
	if err := s.hostPort(rest); err != nil {
		return s, fmt.Errorf("%q: %w", text, err)
	}
	return s, nil
}

// hostPort takes in host, host:port, [v6], [v6]:port or a bare IPv6 address.
func (s *Smarthost) hostPort(text string) error {
	text = strings.TrimSuffix(text, "/")
	if strings.ContainsAny(text, "@/?#") {
		return errors.New("want only a host and maybe a port; user and password have keys of their own")
	}
	if isIPv6(text) {
		s.Host = text
		return nil
	}
	host, port, err := splitHostPort(text)
	if err != nil {
		return err
	}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%q is no port", port)
		}
		s.Port = n
	}
	if _, err := netip.ParseAddr(host); err != nil && !address.IsDomain(strings.TrimSuffix(host, ".")) {
		return fmt.Errorf("%q is no host name", host)
	}
	s.Host = host
	return nil
}

func isIPv6(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is6()
}

// splitHostPort parts a host, in brackets or not, from what stands behind a colon.
// port is "" where there is no colon.
func splitHostPort(text string) (host, port string, err error) {
	if inside, ok := strings.CutPrefix(text, "["); ok {
		host, port, ok = strings.Cut(inside, "]")
		switch {
		case !ok:
			return "", "", errors.New("unclosed bracket")
		case !isIPv6(host):
			return "", "", fmt.Errorf("%q is no IPv6 address", host)
		case port != "" && port[0] != ':':
			return "", "", fmt.Errorf("unexpected %q behind the bracket", port)
		}
		return host, strings.TrimPrefix(port, ":"), nil
	}
	host, port, colon := strings.Cut(text, ":")
	if colon && port == "" {
		return "", "", errors.New("no port behind the colon")
	}
	return host, port, nil
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

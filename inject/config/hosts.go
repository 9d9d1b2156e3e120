package config

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mailchute/headers/address"
	"mailchute/relay/route"
	"mailchute/relay/sasl"
	"mailchute/relay/secret"
)

// maxSocketPath is the longest path of a Unix socket, unix(7).
const maxSocketPath = 107

// smarthosts is one smarthost or a list of them.
func smarthosts(v any) ([]route.Smarthost, error) {
	if s, ok := v.(string); ok {
		if s == "" {
			return nil, nil
		}
		v = []any{s}
	}
	list, ok := v.([]any)
	if !ok {
		return nil, mistyped("a string or a list of strings", v)
	}
	hosts := make([]route.Smarthost, len(list))
	for i, e := range list {
		s, err := text(e)
		if err == nil {
			hosts[i], err = smarthost(s)
		}
		if err != nil {
			return nil, err
		}
	}
	return hosts, nil
}

// smarthost is one of the forms that package route knows. What stands in front
// of an @ may be a password, so such a value is not shown.
func smarthost(s string) (route.Smarthost, error) {
	if strings.Contains(s, "@") && !strings.HasPrefix(s, "unix:") {
		return route.Smarthost{}, problem{"must not hold a user or a password",
			"there are the keys user and password_file"}
	}
	h, err := route.ParseSmarthost(s)
	switch {
	case err != nil:
		return h, problem{reason: err.Error()}
	case len(h.Path) > maxSocketPath:
		return h, wrong("the path of a Unix socket has at most %d octets", maxSocketPath)
	}
	return h, nil
}

// proxy is socks5://user:password@host:port; user and password may be
// percent-encoded. Its problems never show the value.
func proxy(v any) (Proxy, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return Proxy{}, err
	}
	malformed := problem{"is no proxy", "write socks5://host:port or socks5://user:password@host:port"}
	rest, ok := strings.CutPrefix(s, "socks5://")
	if !ok {
		return Proxy{}, malformed
	}
	var p Proxy
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		if p.User, err = url.PathUnescape(user); err != nil {
			return Proxy{}, malformed
		}
		if password, err = url.PathUnescape(password); err != nil || len(p.User) > 255 || len(password) > 255 { // RFC 1929 section 2
			return Proxy{}, malformed
		}
		p.Password = secret.New(password)
		rest = rest[at+1:]
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil || !isHost(host) || !isPort(port, 1) {
		return Proxy{}, malformed
	}
	p.Address = rest
	return p, nil
}

// listeners is the sockets of serve. They are for this machine: no password is
// asked there, so an address that others reach would be an open relay.
func listeners(v any) ([]Listen, error) {
	words, err := texts(v)
	if err != nil {
		return nil, err
	}
	sockets := make([]Listen, len(words))
	for i, s := range words {
		if sockets[i], err = listener(s); err != nil {
			return nil, err
		}
	}
	return sockets, nil
}

func listener(s string) (Listen, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if !strings.HasPrefix(path, "/") || len(path) > maxSocketPath {
			return Listen{}, wrong("a Unix socket has an absolute path of at most %d octets, not %s", maxSocketPath, quote(path))
		}
		return Listen{"unix", path}, nil
	}
	host, port, err := net.SplitHostPort(s)
	ip, ipErr := netip.ParseAddr(host)
	switch {
	case err != nil || ipErr != nil || !isPort(port, 0):
		return Listen{}, problem{"is no socket to listen on: " + quote(s), "write unix:/path, 127.0.0.1:25 or [::1]:25"}
	case !ip.IsLoopback():
		return Listen{}, problem{"is no loopback address: " + quote(s), "serve is for this machine only"}
	}
	return Listen{"tcp", s}, nil
}

// metrics is one such socket, or "" for none.
func metrics(v any) (Listen, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return Listen{}, err
	}
	return listener(s)
}

// mechanisms is "auto", "off" or a list of SASL mechanisms.
func mechanisms(v any) (names []string, off bool, err error) {
	if s, ok := v.(string); ok {
		if s == "auto" || s == "off" {
			return nil, s == "off", nil
		}
		return nil, false, problem{`must be "auto", "off" or a list of mechanisms, not ` + quote(s), `write ["PLAIN"]`}
	}
	if names, err = texts(v); err != nil {
		return nil, false, err
	}
	if len(names) == 0 {
		return nil, false, problem{"is an empty list", `write "off" for no login`}
	}
	for i, name := range names {
		if !sasl.Known(name) {
			return nil, false, problem{"unknown mechanism " + quote(name), suggest(strings.ToUpper(name), sasl.Names())}
		}
		names[i] = strings.ToUpper(name)
	}
	return names, false, nil
}

// hostname is a fully qualified host name or an address literal: what EHLO may
// say, RFC 5321 section 4.1.1.1.
func hostname(v any) (string, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return "", err
	}
	literal := s[0] == '[' && isDomain(s)
	if !literal && (!address.IsDomain(s) || !strings.Contains(s, ".")) {
		return "", wrong(`must be a fully qualified name such as "host.example.org", not %s`, quote(s))
	}
	return s, nil
}

// domain is a fully qualified domain, RFC 5321 section 2.3.5.
func domain(v any) (string, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return "", err
	}
	if !address.IsDomain(s) || !strings.Contains(s, ".") {
		return "", wrong(`must be a domain such as "example.org", not %s`, quote(s))
	}
	return s, nil
}

// serverName is a host name or an IP address as it stands in a certificate.
func serverName(v any) (string, error) {
	s, err := text(v)
	if err == nil && s != "" && !isHost(s) {
		return "", wrong("must be a name without port, not %s", quote(s))
	}
	return s, err
}

// isHost tells whether s is a host name or an IP address without brackets.
func isHost(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil || address.IsDomain(s)
}

// isDomain tells whether s can stand behind the @ of an address: a domain or an
// address literal.
func isDomain(s string) bool {
	a, err := address.Parse("x@" + s)
	return err == nil && a.Domain == s
}

// isPort tells whether s is a port in decimal digits.
func isPort(s string, lowest int) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && int(n) >= lowest
}

// template is the address of the system identity, its names in braces not yet
// filled in, or "none".
func template(v any) (string, error) {
	s, err := text(v)
	if err != nil || s == "" || s == "none" {
		return s, err
	}
	for rest := s; ; {
		_, after, open := strings.Cut(rest, "{")
		if !open {
			break
		}
		var name string
		name, rest, _ = strings.Cut(after, "}")
		if !slices.Contains([]string{"user", "host", "domain"}, name) {
			return "", problem{"unknown name " + quote("{"+name+"}"), "there are {user}, {host} and {domain}"}
		}
	}
	sample := strings.NewReplacer("{user}", "user", "{host}", "host.example", "{domain}", "domain.example").Replace(s)
	if a, err := address.Parse(sample); err != nil || a.Domain == "" {
		return "", problem{"must be an address, not " + quote(s), `write "{user}@example.org", "alerts@example.org" or "none"`}
	}
	return s, nil
}

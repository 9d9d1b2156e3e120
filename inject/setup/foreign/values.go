package foreign

import (
	"encoding/hex"
	"net/netip"
	"strings"

	"mailchute/headers/address"
	"mailchute/inject/setup"
	"mailchute/relay/route"
	"mailchute/relay/secret"
)

// Words that several programs' notes share.
const (
	noCounterpart = "has no counterpart"
	unknownWord   = "unknown, left out"
	notRun        = "is not run"
	noHost        = "is no host that can be a smarthost"
	noHostName    = "is no full host name; the machine's own is used"
	noCheckOff    = "has no counterpart: certificates are always verified; one that has no known issuer can be pinned with tls.fingerprint, or its issuer named in tls.ca_file"
)

// setSmarthost sets the smarthost of an account when scheme, host and port make
// one. An empty port is the scheme's own.
func setSmarthost(a *setup.Account, scheme, host, port string) bool {
	text, ok := smarthost(scheme, host, port)
	if ok {
		a.Set("smarthost", text)
	}
	return ok
}

// smarthost writes one as mailchute.toml(5) has it.
func smarthost(scheme, host, port string) (string, bool) {
	switch port { // the names of services(5) that mail has
	case "smtp":
		port = "25"
	case "submission":
		port = "587"
	case "submissions", "smtps", "urd":
		port = "465"
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && ip.Is6() {
		host = "[" + ip.String() + "]"
	}
	text := scheme + "://" + host
	if port != "" {
		text += ":" + port
	}
	s, err := route.ParseSmarthost(text)
	if err != nil {
		return "", false
	}
	// the shortest form: without a port that is understood
	if short, err := route.ParseSmarthost(scheme + "://" + host); err == nil && short.Port == s.Port {
		return scheme + "://" + host, true
	}
	return text, true
}

// setPassword keeps a password for a file of its own.
func setPassword(a *setup.Account, text string) { a.Password = secret.New(text) }

// setHostname sets the name for EHLO when it is one, RFC 5321 section 4.1.1.1.
func setHostname(a *setup.Account, name string) bool {
	if !strings.Contains(name, ".") || !address.IsDomain(name) && !strings.HasPrefix(name, "[") {
		return false
	}
	a.Set("identity.hostname", name)
	return true
}

// setIdentity sets the system identity when text, its names in braces filled in,
// is an address.
func setIdentity(a *setup.Account, text string) bool {
	sample := strings.NewReplacer("{user}", "user", "{host}", "host.example", "{domain}", "domain.example").Replace(text)
	addr, err := address.Parse(sample)
	if err != nil || addr.Domain == "" || strings.ContainsAny(sample, "{}") {
		return false
	}
	a.Set("identity.address", text)
	return true
}

// fingerprint is the SHA-256 of a certificate as mailchute.toml(5) writes it.
func fingerprint(text string) (string, bool) {
	digits := strings.NewReplacer(":", "", " ", "").Replace(text)
	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != 32 {
		return "", false
	}
	return "sha256:" + strings.ToLower(digits), true
}

// onOff reads the words for yes and no of several programs. Nothing at all is yes.
func onOff(text string) (on, ok bool) {
	switch strings.ToLower(text) {
	case "", "on", "yes", "true", "1":
		return true, true
	case "off", "no", "false", "0":
		return false, true
	}
	return false, false
}

// unquoted takes off a pair of double quotes.
func unquoted(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// setPath sets a key that holds a path. One that is not absolute would depend on
// the directory of whoever sends a message.
func setPath(a *setup.Account, key, path string) bool {
	if !strings.HasPrefix(path, "/") {
		return false
	}
	a.Set(key, path)
	return true
}

const notAbsolute = "is not an absolute path"

// setSource sets the local address to connect from.
func setSource(a *setup.Account, text string) bool {
	if _, err := netip.ParseAddr(text); err != nil {
		return false
	}
	a.Set("source_address", text)
	return true
}

const noAddress = "is no IP address"

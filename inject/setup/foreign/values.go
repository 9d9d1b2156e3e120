package foreign

import (
	"cmp"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mailchute/headers/address"
	"mailchute/inject/config"
	"mailchute/inject/setup"
	"mailchute/relay/route"
	"mailchute/relay/secret"
)

// Words that several programs' notes share.
const (
	noCounterpart = "has no counterpart"
	unknownWord   = "unknown, left out"
	notRun        = "is not run"
	notTaken      = "is a value that mailchute.toml cannot hold, left out"
	notAbsolute   = "is not an absolute path"
	notPair       = "is taken over only as a pair, certificate and key, each by its absolute path: left out"
	noAddress     = "is no IP address"
	noDomain      = "is no full domain, left out"
	noHost        = "is no host that can be a smarthost"
	noHostName    = "is no full host name; the machine's own is used"
	noCheckOff    = "has no counterpart: certificates are always verified; one that has no known issuer can be pinned with tls.fingerprint, or its issuer named in tls.ca_file"
)

// maxSeconds is the longest time that a queue keeps anything, a year.
const maxSeconds = 366 * 86400

// set sets a key to a value that mailchute.toml(5) takes. A whole configuration is
// not lost over one value: whoever calls notes the line that it stands in.
func set(a *setup.Account, key string, value any) bool {
	if !config.Accepts(key, value) {
		return false
	}
	a.Set(key, value)
	return true
}

// take is set with that note.
func (s *source) take(a *setup.Account, l line, keyword, key string, value any) {
	if !set(a, key, value) {
		s.note(l, keyword, notTaken)
	}
}

// setSmarthost sets the smarthost of an account when scheme, host and port make
// one. An empty port is the scheme's own.
func setSmarthost(a *setup.Account, scheme, host, port string) bool {
	text, ok := smarthost(scheme, host, port)
	return ok && set(a, "smarthost", text)
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

// setPassword keeps a password for a file of its own, of which the first line
// counts.
func setPassword(a *setup.Account, text string) bool {
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		return false
	}
	a.Password = secret.New(text)
	return true
}

// takePassword is setPassword with a note.
func (s *source) takePassword(a *setup.Account, l line, keyword, text string) {
	if !setPassword(a, text) {
		s.note(l, keyword, "has a character in it that no password file can hold, left out")
	}
}

// setHostname sets the name for EHLO when it is one, RFC 5321 section 4.1.1.1.
func setHostname(a *setup.Account, name string) bool {
	return name != "" && set(a, "identity.hostname", name)
}

// setIdentity sets the system identity when text, its names in braces filled in,
// is an address.
func setIdentity(a *setup.Account, text string) bool {
	sample := strings.NewReplacer("{user}", "user", "{host}", "host.example", "{domain}", "domain.example").Replace(text)
	addr, err := address.Parse(sample)
	if err != nil || addr.Domain == "" || strings.ContainsAny(sample, "{}") {
		return false
	}
	return set(a, "identity.address", text)
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
	return path != "" && set(a, key, path)
}

// setCertificate sets the certificate of the client and its key, or neither.
func setCertificate(a *setup.Account, cert, key string) bool {
	for _, path := range []string{cert, key} {
		if path == "" || !config.Accepts("tls.client_cert", path) {
			return false
		}
	}
	a.Set("tls.client_cert", cert)
	a.Set("tls.client_key", key)
	return true
}

// setSource sets the local address to connect from.
func setSource(a *setup.Account, text string) bool {
	return text != "" && set(a, "source_address", text)
}

// fitRetries makes the pauses between attempts agree where what a file says, in
// seconds or 0, crosses itself or a default. Both are those of the other program
// then, its own defaults counted.
func fitRetries(a *setup.Account, givenShortest, givenLongest, shortest, longest int) {
	spelled := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	defaults := config.Defaults().Queue
	if cmp.Or(spelled(givenShortest), defaults.RetryMin) > cmp.Or(spelled(givenLongest), defaults.RetryMax) {
		a.Set("queue.retry_min", config.Spell(spelled(shortest)))
		a.Set("queue.retry_max", config.Spell(spelled(longest)))
	}
}

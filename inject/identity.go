package inject

import (
	"fmt"
	"slices"
	"strings"

	"mailchute/headers/address"
)

// World is what surrounds a submission: the user, the host, the time. It comes
// in as a value so that everything that depends on it is a pure function.
type World struct {
	Login     string // login name of the real user id; never from the environment
	Root      bool   // the real user id is 0
	FullName  string // NAME, else the passwd entry's
	Hostname  string // fully qualified, or ""
	ShortName string // the host name as the system gives it
	MailName  string // the line of /etc/mailname, or ""
	Stamp     Stamp
}

// Identity is the [identity] section as it stands in the configuration.
type Identity struct {
	Hostname    string
	Domain      string
	Address     string       // template, "none" or ""
	Literal     address.Addr // not null: takes the place of Address as it stands; for one that a client has said
	ReplaceFrom bool
	KeepSender  bool
	Trusted     []string
}

// Who is the identity, resolved.
type Who struct {
	Hostname string       // EHLO name and Message-ID domain; "" when the host has no qualified name
	Domain   string       // qualifies bare addresses; "" when there is none
	System   address.Addr // the system identity; null when there is none
	Fallback address.Addr // user@host, where nothing better is known
	Trusted  bool         // -f counts
}

// Resolve finds out who submits. The error is about identity.address.
func (id Identity) Resolve(w World) (Who, error) {
	who := Who{Hostname: id.Hostname, Domain: id.Domain}
	if who.Hostname == "" {
		who.Hostname = w.Hostname
	}
	if who.Domain == "" {
		who.Domain = w.MailName
	}
	if who.Domain == "" {
		who.Domain = w.Hostname
	}
	who.Fallback = address.Addr{Local: w.Login, Domain: fallbackDomain(who, w)}
	who.Trusted = w.Root || slices.Contains(id.Trusted, "*") || slices.Contains(id.Trusted, w.Login)

	var err error
	who.System, err = id.system(who, w)
	return who, err
}

// system is the system identity of draft-levine-rfc6409bis section 5 (2).
func (id Identity) system(who Who, w World) (address.Addr, error) {
	template := id.Address
	switch {
	case !id.Literal.IsNull():
		return id.Literal.Qualify(who.Domain), nil
	case template == "none", template == "" && who.Domain == "":
		return address.Addr{}, nil
	case template == "":
		return address.Addr{Local: w.Login, Domain: who.Domain}, nil
	case strings.Contains(template, "{domain}") && who.Domain == "":
		return address.Addr{}, fmt.Errorf("identity.address = %q: no domain is known here; set identity.domain", template)
	case strings.Contains(template, "{host}") && who.Hostname == "":
		return address.Addr{}, fmt.Errorf("identity.address = %q: the host has no qualified name; set identity.hostname", template)
	}
	// A login name may hold what an address must quote, so it is put in behind
	// the parsing, not in front of it.
	a, err := address.Parse(strings.NewReplacer("{user}", placeholder, "{host}", who.Hostname, "{domain}", who.Domain).Replace(template))
	if err != nil {
		return a, fmt.Errorf("identity.address = %q: %w", template, err)
	}
	a.Local = strings.ReplaceAll(a.Local, placeholder, w.Login)
	return a.Qualify(who.Domain), nil
}

const placeholder = "mailchute-user"

// fallbackDomain is a domain for user@host that can stand in an SMTP command,
// which wants it qualified (RFC 5321 section 2.3.5).
func fallbackDomain(who Who, w World) string {
	switch {
	case who.Domain != "":
		return who.Domain
	case who.Hostname != "":
		return who.Hostname
	case w.ShortName != "" && address.IsDomain(w.ShortName):
		return w.ShortName + ".localdomain"
	}
	return "localhost.localdomain"
}

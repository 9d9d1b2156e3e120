// Package provider is what everybody would have to look up about the large mail
// providers: where they take mail for submission, who logs in there, and whether
// they want an app password or a token instead of the password.
//
// The table is small and meant to stay so: it has those whose settings stand in
// their own public help pages. Everybody else is found by SRV records.
package provider

import (
	"slices"
	"strings"
)

// Provider is one mail provider.
type Provider struct {
	Name      string
	Smarthost string // as mailchute.toml(5) has it
	User      Login
	Note      string // what the password is and how to get it; "" when it is the usual one
	Auth      string // the SASL mechanism, where only one will do
	OAuth     string // who gives out its tokens, as oauth.Known knows them; "" is nobody

	domains   string // domains of its mailboxes, parted by blanks
	exchanger string // ends of the names of its MX hosts, parted by blanks, for domains that it serves
	host      string // end of its smarthosts' names, where they vary
}

// Login is what the user name is.
type Login int

// The kinds of user names.
const (
	FullAddress Login = iota // the mail address
	OwnName                  // a name that the provider gives out; it has to be asked for
	FixedName                // the same for everybody, see UserName
)

// UserName is the user name for an address, "" when it has to be asked for.
func (p *Provider) UserName(address string) string {
	switch p.User {
	case OwnName:
		return ""
	case FixedName:
		if p.Name == "Resend" {
			return "resend"
		}
		return "apikey"
	}
	return address
}

// ByDomain is the provider whose mailboxes are in a domain.
func ByDomain(domain string) (Provider, bool) {
	return find(func(p *Provider) bool {
		for _, d := range strings.Fields(p.domains) {
			if strings.EqualFold(d, domain) {
				return true
			}
		}
		return false
	})
}

// ByExchanger is the provider that runs the host of an MX record.
func ByExchanger(host string) (Provider, bool) {
	return find(func(p *Provider) bool {
		return slices.ContainsFunc(strings.Fields(p.exchanger), func(end string) bool { return below(host, end) })
	})
}

// ByHost is the provider whose smarthost has a name.
func ByHost(host string) (Provider, bool) {
	return find(func(p *Provider) bool {
		own := p.Smarthost[strings.Index(p.Smarthost, "://")+len("://"):]
		own, _, _ = strings.Cut(own, ":")
		return strings.EqualFold(own, host) && own != "127.0.0.1" || p.host != "" && below(host, p.host)
	})
}

func find(fits func(*Provider) bool) (Provider, bool) {
	table := table()
	for i := range table {
		if fits(&table[i]) {
			return table[i], true
		}
	}
	return Provider{}, false
}

// below tells whether a host is a domain or lies in it.
func below(host, domain string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}

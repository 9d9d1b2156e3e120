package config

import (
	"strings"

	"mailchute/headers/address"
)

// Choice is an account that was picked, and why.
type Choice struct {
	Account *Account
	Pattern string       // of the account that fitted; "": it is the default
	Address address.Addr // that fitted
	Sender  bool         // it is the envelope sender; else the From address
}

// Choose picks the account for a message: the first in the order of the file that
// has a pattern for the envelope sender, else the first that has one for the
// From address, else the default. A null address matches nothing.
func (c *Config) Choose(sender, from address.Addr) Choice {
	for n, a := range []address.Addr{sender, from} {
		for i := range c.Accounts {
			for _, pattern := range c.Accounts[i].Match {
				if MatchAddress(pattern, a) {
					return Choice{&c.Accounts[i], pattern, a, n == 0}
				}
			}
		}
	}
	return Choice{Account: &c.Default}
}

// Match is the account that Choose picks.
func (c *Config) Match(sender, from address.Addr) *Account { return c.Choose(sender, from).Account }

// MatchAddress tells whether an address fits a pattern. A * stands for any run of
// characters, an empty one too, on either side of the @; "*.example.org" and
// "example.org" without an @ speak of the domain alone, "*" of every address.
// Case counts in the local part only, RFC 5321 section 2.4. The null address
// fits nothing.
func MatchAddress(pattern string, a address.Addr) bool {
	if a.IsNull() {
		return false
	}
	local, domain := splitPattern(pattern)
	return glob(local, a.Local) && glob(strings.ToLower(domain), strings.ToLower(a.Domain))
}

// splitPattern parts a pattern at its last @.
func splitPattern(pattern string) (local, domain string) {
	if at := strings.LastIndexByte(pattern, '@'); at >= 0 {
		return pattern[:at], pattern[at+1:]
	}
	return "*", pattern
}

// glob matches octets. Going back to the latest * only is enough, so the time is
// bounded by the product of the lengths.
func glob(pattern, s string) bool {
	star, resume := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p, i = p+1, i+1
		case star >= 0:
			resume++
			p, i = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// patterns is a list of address patterns.
func patterns(v any) ([]string, error) {
	words, err := texts(v)
	if err != nil {
		return nil, err
	}
	for _, w := range words {
		local, domain := splitPattern(w)
		if local == "" || !isDomainPattern(domain) {
			return nil, problem{"is no address pattern: " + quote(w), `write "me@example.org", "*@example.org" or "*.example.org"`}
		}
		if !strings.ContainsAny(w, "@.*") {
			return nil, problem{"names neither an address nor a domain: " + quote(w), "write " + quote(w+"@*")}
		}
	}
	return words, nil
}

// isDomainPattern tells whether a domain can fit the pattern at all.
func isDomainPattern(pattern string) bool {
	return isDomain(strings.ReplaceAll(pattern, "*", "x"))
}

// domains is a list of what redirect.allow_domains knows: "*", a domain, or
// "*." and a domain.
func domains(v any) ([]string, error) {
	words, err := texts(v)
	if err != nil {
		return nil, err
	}
	for _, w := range words {
		if w != "*" && !isDomain(strings.TrimPrefix(w, "*.")) {
			return nil, problem{"is no domain: " + quote(w), `write "example.org", "*.example.org" or "*"`}
		}
	}
	return words, nil
}

// users is the table of who may send as whom.
func users(v any) (map[string][]string, error) {
	table, ok := v.(map[string]any)
	if !ok {
		return nil, problem{"must be a table, not " + kind(v), `write [serve.users] and lines such as bob = ["bob@example.org"]`}
	}
	rules := make(map[string][]string, len(table))
	for user, v := range table {
		list, err := patterns(v)
		if err != nil {
			return nil, wrong("%s: %s", dotted([]string{user}), err)
		}
		rules[user] = list
	}
	return rules, nil
}

package check

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
)

// author is who mail comes from, as receivers see it.
type author struct {
	from   string // domain of From, in A-labels
	sender string // domain of the envelope sender
}

// maxAuthors bounds the domains of an account that are looked at.
const maxAuthors = 5

// authorsOf is the From domains that an account is for: the one that was asked
// about, else those of its patterns, else the identity's.
func authorsOf(a *config.Account, who inject.Who, from address.Addr) []author {
	var names []string
	switch {
	case !from.IsNull():
		names = append(names, from.Domain)
	case a.Identity.ReplaceFrom && !who.System.IsNull():
	default:
		for _, pattern := range a.Match {
			if domain := pattern[strings.LastIndexByte(pattern, '@')+1:]; address.IsDomain(domain) {
				names = append(names, domain)
			}
		}
	}
	if len(names) == 0 {
		names = append(names, ownDomain(a, who))
	}
	var authors []author
	for _, name := range names {
		au := author{from: name, sender: name}
		if !who.System.IsNull() {
			au.sender = who.System.Domain
			if a.Identity.ReplaceFrom {
				au.from = au.sender
			}
		}
		au.from, au.sender = aLabels(au.from), aLabels(au.sender)
		if len(authors) < maxAuthors && !slices.Contains(authors, au) {
			authors = append(authors, au)
		}
	}
	return authors
}

// ownDomain is the domain of mail whose writer says nothing.
func ownDomain(a *config.Account, who inject.Who) string {
	if !who.System.IsNull() {
		return who.System.Domain
	}
	if user, err := address.Parse(a.User); err == nil && user.Domain != "" {
		return user.Domain
	}
	return who.Fallback.Domain
}

func aLabels(domain string) string {
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return strings.ToLower(domain)
}

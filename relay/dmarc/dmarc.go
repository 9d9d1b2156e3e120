// Package dmarc finds the DMARC record that speaks for a domain, and tells
// whether two domains are aligned, RFC 7489 as renewed by RFC 9989.
//
// Which domains belong to one organization is found by walking up the tree of
// names (RFC 9989 section 4.10): a few questions to the DNS instead of a list of
// public suffixes, which would be a third of a megabyte and out of date.
package dmarc

import (
	"context"
	"errors"
	"strings"

	"mailchute/relay/route/dns"
)

// Record is what a domain asks of receivers, RFC 9989 section 4.7.
type Record struct {
	Policy      string // p: none, quarantine or reject
	Subdomains  string // sp; "": as Policy
	StrictSPF   bool   // aspf=s
	StrictDKIM  bool   // adkim=s
	PublicBelow byte   // psd: y, n or u
	Testing     bool   // t=y
}

// Parse reads a record; false when the text is none.
func Parse(text string) (Record, bool) {
	r := Record{Policy: "none", PublicBelow: 'u'}
	for i, tag := range strings.Split(text, ";") {
		name, value, _ := strings.Cut(tag, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if i == 0 && (name != "v" || value != "DMARC1") {
			return Record{}, false
		}
		switch strings.ToLower(name) {
		case "p":
			r.Policy = policy(value, "none")
		case "sp":
			r.Subdomains = policy(value, "")
		case "aspf":
			r.StrictSPF = strings.EqualFold(value, "s")
		case "adkim":
			r.StrictDKIM = strings.EqualFold(value, "s")
		case "t":
			r.Testing = strings.EqualFold(value, "y")
		case "psd":
			if v := strings.ToLower(value); v == "y" || v == "n" {
				r.PublicBelow = v[0]
			}
		}
	}
	return r, true
}

func policy(value, other string) string {
	switch v := strings.ToLower(value); v {
	case "none", "quarantine", "reject":
		return v
	}
	return other
}

// Resolver asks for TXT records; *dns.Client is one.
type Resolver interface {
	TXT(ctx context.Context, name string) (dns.Answer[string], error)
}

// Found is what the walk up from a domain has found.
type Found struct {
	Domain       string // where it began, lower case
	Organization string // the organizational domain of Domain
	At           string // where the record stands that speaks for Domain; "": there is none
	Several      string // the first name with more than one record, which are as good as none; "": no such name
	Record       Record
}

// Demand is what receivers are asked to do with mail that does not pass: none,
// quarantine or reject, or "" without a record. While a policy is tested (t=y) that
// is one level below what is published, RFC 9989 section 4.7.
func (f Found) Demand() string {
	demand := f.Published()
	switch {
	case !f.Record.Testing:
		return demand
	case demand == "reject":
		return "quarantine"
	case demand == "quarantine":
		return "none"
	}
	return demand
}

// Published is the policy that is written for the domain, tested or not.
func (f Found) Published() string {
	switch {
	case f.At == "":
		return ""
	case f.At != f.Domain && f.Record.Subdomains != "":
		return f.Record.Subdomains
	}
	return f.Record.Policy
}

// maxSteps bounds the questions of one walk, RFC 9989 section 4.10.
const maxSteps = 8

// Find walks up from a domain, in A-labels. The error is a *dns.Error: the DNS did
// not answer.
func Find(ctx context.Context, r Resolver, domain string) (Found, error) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	f := Found{Domain: domain, Organization: domain}
	at, below := domain, ""
	found := map[string]Record{}
	for range maxSteps {
		rec, n, err := ask(ctx, r, at)
		if err != nil {
			return f, err
		}
		if n > 1 && f.Several == "" {
			f.Several = at
		}
		if n == 1 {
			found[at] = rec
			f.Organization = at
			if rec.PublicBelow == 'y' && below != "" {
				f.Organization = below
			}
			if rec.PublicBelow != 'u' {
				break
			}
		}
		below, at = at, parent(at)
		if at == "" {
			break
		}
	}
	for _, name := range []string{domain, f.Organization, at} {
		if rec, ok := found[name]; ok {
			f.At, f.Record = name, rec
			break
		}
	}
	return f, nil
}

// parent is the next name of a walk: one label less, and of a very long name no
// more than seven.
func parent(name string) string {
	_, up, _ := strings.Cut(name, ".")
	for strings.Count(up, ".") >= maxSteps-1 {
		_, up, _ = strings.Cut(up, ".")
	}
	return up
}

// ask is the record of one name, and how many there are: of several none counts, RFC
// 9989 section 4.10.
func ask(ctx context.Context, r Resolver, domain string) (one Record, n int, err error) {
	answer, err := r.TXT(ctx, "_dmarc."+domain)
	var missing *dns.Error
	if err != nil && !(errors.As(err, &missing) && missing.NotFound) {
		return Record{}, 0, err
	}
	for _, text := range answer.Records {
		if rec, ok := Parse(text); ok {
			one = rec
			n++
		}
	}
	return one, n, nil
}

// Aligned tells whether a domain that was authenticated speaks for the author's,
// RFC 9989 section 3.2.10: the same one, or where that is not demanded, one of the
// same organization.
func Aligned(strict bool, authenticated, author Found) bool {
	if authenticated.Domain == author.Domain {
		return author.Domain != ""
	}
	return !strict && authenticated.Organization == author.Organization
}

// Package sts finds the MTA-STS policy of a domain, RFC 8461: a promise, fetched
// over verified HTTPS, that the domain's mail servers have names from a list and
// certificates that can be verified.
//
// A policy that was seen once holds until it is too old, whatever somebody on the
// way does to DNS or HTTPS (section 5.1, section 10.2); so what is fetched is kept
// on disk. A domain whose policy cannot be had, and of which none is kept, has
// none: it cannot be told from a domain that never had one. One that could not be had
// is left alone for a while, so that a policy host that is silent costs time once and
// not with every message.
package sts

import (
	"context"
	"errors"
	"time"
)

// Book is the policies of domains. It may be used by many at once, also by many
// processes over one directory.
type Book struct {
	// Dir is where policies are kept; "" keeps none. It is made when it is
	// needed, and not used when others than its owner can write to it.
	Dir string
	// TXT asks DNS for the texts at a name; a name that is not there has none.
	TXT func(ctx context.Context, name string) ([]string, error)
	// Fetch gets the text of a domain's policy over verified HTTPS.
	Fetch func(ctx context.Context, domain string) (string, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Policy is the policy that holds for a domain, given in A-labels, and false when
// there is none.
func (b *Book) Policy(ctx context.Context, domain string) (Policy, bool) {
	now := time.Now
	if b.Now != nil {
		now = b.Now
	}
	kept, known := b.load(domain, now())
	texts, err := b.TXT(ctx, "_mta-sts."+domain)
	id, published := parseRecord(texts)
	if err != nil || !published || known && kept.ID == id {
		return kept.policy, known && kept.policy.Mode != None
	}
	p, text, err := b.fetch(ctx, domain, id, now)
	if err != nil {
		return kept.policy, known && kept.policy.Mode != None // section 5.1: the old one holds
	}
	b.save(domain, entry{ID: id, Fetched: now(), Text: text})
	return p, p.Mode != None
}

// rest is how long nobody tries again for a policy that could not be had, unless
// another id is published: RFC 8461 section 3.3.
const rest = 5 * time.Minute

var errRests = errors.New("it could not be had a moment ago")

// fetch gets the policy that is published with this id. To be told to end is no fault
// of the domain.
func (b *Book) fetch(ctx context.Context, domain, id string, now func() time.Time) (Policy, string, error) {
	if b.rests(domain, id, now()) {
		return Policy{}, "", errRests
	}
	text, err := b.Fetch(ctx, domain)
	var p Policy
	if err == nil {
		p, err = parse(text)
	}
	if err != nil && ctx.Err() == nil {
		b.write(b.file(domain, failureSuffix), failure{ID: id, At: now()})
	}
	return p, text, err
}

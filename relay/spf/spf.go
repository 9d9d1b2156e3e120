// Package spf tells what a domain's SPF record says of an address that sends
// mail in its name: check_host() of RFC 7208 section 4.
//
// It is for looking ahead, not for receiving: who is about to send asks whether
// receivers will let the mail pass. Besides the result there are the names that
// the record builds upon, because the address that mail will come from in the end
// is often known to nobody but those who run the smarthost.
//
// Records are hostile: an evaluation asks no more questions than RFC 7208 section
// 4.6.4 allows, takes linear time between them, and what it says of a record holds
// no control characters.
package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"mailchute/relay/route/dns"
)

// Result is a result of RFC 7208 section 2.6.
type Result string

// The results.
const (
	None      Result = "none"      // there is no record
	Neutral   Result = "neutral"   // the record does not say
	Pass      Result = "pass"      // the address may send
	Fail      Result = "fail"      // it may not
	SoftFail  Result = "softfail"  // it probably may not
	TempError Result = "temperror" // the DNS did not answer
	PermError Result = "permerror" // the record is wrong, and is no use to anybody
)

// Limits of RFC 7208 section 4.6.4.
const (
	maxLookups = 10 // terms that ask the DNS
	maxVoid    = 2  // lookups that find nothing
	maxMX      = 10 // names of one mx mechanism
)

// Resolver asks the DNS; *dns.Client is one. That a name is not there is a
// *dns.Error with NotFound.
type Resolver interface {
	TXT(ctx context.Context, name string) (dns.Answer[string], error)
	MX(ctx context.Context, domain string) (dns.Answer[dns.MX], error)
	IPv4(ctx context.Context, host string) (dns.Answer[netip.Addr], error)
	IPv6(ctx context.Context, host string) (dns.Answer[netip.Addr], error)
}

// Query is who sends, and from where.
type Query struct {
	IP     netip.Addr // of the server that talks to the receiver
	Domain string     // of the envelope sender, in A-labels
	Local  string     // its local part; "" is postmaster, RFC 7208 section 4.3
	Hello  string     // what that server says in EHLO; only macros look at it
}

// Answer is what the record says.
type Answer struct {
	Result  Result
	Reason  string   // the term that decided, or what is wrong
	Names   []string // domains that were looked at on the way: include, redirect, a and mx
	Lookups int      // terms that asked the DNS, of at most 10
}

// Check evaluates the record of q.Domain.
func Check(ctx context.Context, r Resolver, q Query) Answer {
	q.IP = q.IP.Unmap()
	if q.Local == "" {
		q.Local = "postmaster"
	}
	e := &evaluation{dns: r, query: q}
	result, reason := e.check(ctx, strings.ToLower(strings.TrimSuffix(q.Domain, ".")))
	return Answer{Result: result, Reason: reason, Names: e.names, Lookups: e.lookups}
}

// evaluation is one call of Check, through all includes and redirects.
type evaluation struct {
	dns            Resolver
	query          Query
	lookups, voids int
	names          []string
}

// halt ends an evaluation: TempError or PermError.
type halt struct {
	result Result
	reason string
}

func (h *halt) Error() string { return h.reason }

func permanent(format string, args ...any) error {
	return &halt{PermError, fmt.Sprintf(format, args...)}
}

// check is check_host() for one domain, RFC 7208 section 4.4 to 4.7.
func (e *evaluation) check(ctx context.Context, domain string) (Result, string) {
	text, err := e.record(ctx, domain)
	if err == nil && text == "" {
		return None, domain + " has no SPF record"
	}
	var rec record
	if err == nil {
		rec, err = parse(text)
	}
	var result Result
	var reason string
	if err == nil {
		result, reason, err = e.evaluate(ctx, domain, rec)
	}
	if h := (*halt)(nil); errors.As(err, &h) {
		return h.result, h.reason
	}
	return result, reason
}

// record is the one SPF record of a domain, "" for none.
func (e *evaluation) record(ctx context.Context, domain string) (string, error) {
	if !isDomain(domain) {
		return "", nil
	}
	answer, err := e.dns.TXT(ctx, domain)
	if err != nil && !notFound(err) {
		return "", &halt{TempError, err.Error()}
	}
	found := ""
	for _, text := range answer.Records {
		if !isRecord(text) {
			continue
		}
		if found != "" {
			return "", permanent("%s has two SPF records, and receivers use neither", domain)
		}
		found = text
	}
	return found, nil
}

// isRecord is RFC 7208 section 4.5.
func isRecord(text string) bool {
	return len(text) >= len(version) && strings.EqualFold(text[:len(version)], version) && (len(text) == len(version) || text[len(version)] == ' ')
}

func notFound(err error) bool {
	var e *dns.Error
	return errors.As(err, &e) && e.NotFound
}

// isDomain tells whether a name can be asked for, RFC 7208 section 4.3: several
// labels, none of them empty or too long.
func isDomain(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}

// Package redirect knows what a 557 or 558 reply means and whether it is
// followed.
//
// A server answers 557 (5.2.7, moved for good) or 558 (5.2.8, moved for now) to
// RCPT and names the new address in angle brackets; the client sends this
// recipient's copy there, draft-sam-smtp-redirects section 3. Policy reads the
// address off the reply and decides, and Memory keeps what a 557 taught.
//
// The promise: a redirect is followed only where the policy says so in every
// point, never twice to one address, never further than MaxHops. Deciding does no
// I/O and looks at nothing but its arguments.
package redirect

import (
	"fmt"
	"slices"
	"strings"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

// The values of Policy.Follow.
const (
	FollowVerified = "verified" // only where the server is known to be the right one
	FollowAlways   = "always"
	FollowNever    = "never"
)

// The values of Policy.Via.
const (
	ViaAuto      = "auto"      // by the smarthost, unless it is the old mailbox's own server
	ViaSmarthost = "smarthost" // by the smarthost or not at all
	ViaMX        = "mx"        // always by the new domain's own servers
)

// Policy is which redirects are followed, and which way the copy then takes.
type Policy struct {
	Follow       string   // FollowVerified, FollowAlways or FollowNever; anything else is never
	Codes        []int    // reply codes that redirect, out of 551, 557 and 558
	Via          string   // ViaAuto, ViaSmarthost or ViaMX; anything else is auto
	MaxHops      int      // redirects that one recipient may take, remembered ones included
	Remember     bool     // keep what a 557 teaches; see Memory
	AllowDomains []string // new domains that are allowed: "*", "example.org", "*.example.org" (below it only), "[192.0.2.1]"
}

// Question is one redirecting reply and all that its judgement depends on.
type Question struct {
	Reply       reply.Reply
	Old         address.Addr            // the recipient that was offered
	Visited     func(address.Addr) bool // has this recipient been that address before? nil: only Old
	Hops        int                     // redirects that this recipient has taken so far
	Trusted     bool                    // verified TLS, a Unix socket or loopback
	ServerNames []string                // who answered: name in the greeting, name in the EHLO reply, host of the smarthost
	DomainsOwn  bool                    // who answered is one of a domain's own servers, not a smarthost: mail for another domain goes elsewhere
}

// Verdict is what becomes of a redirecting reply: the copy goes to another
// address, or the recipient has failed for good.
type Verdict struct {
	Follow bool
	To     address.Addr   // the new address; null when the reply names none
	Direct bool           // by the new domain's own servers, and never again at the one that answered
	Status reply.Enhanced // of the reply, else of its code; 5.4.6 for a circle and too many hops
	Reason string         // why it was not followed, or what was done, in words
}

// Covers tells whether a reply with this code is a redirect under p.
func (p Policy) Covers(code int) bool { return slices.Contains(p.Codes, code) }

// Recalls tells whether a remembered redirect may be applied behind hops others.
// It was believed when it was learnt, maybe by another account's policy; what is
// forbidden now is not done.
func (p Policy) Recalls(e Entry, hops int) bool {
	believed := p.Follow == FollowAlways || p.Follow == FollowVerified && !e.Unproven
	return believed && p.Covers(e.Code) && p.allows(e.New.Domain) && hops < p.MaxHops
}

// Decide judges one reply. Only a reply to RCPT redirects; elsewhere both codes
// are plain failures.
func (p Policy) Decide(q Question) Verdict {
	v := Verdict{Status: status(q.Reply)}
	if !p.Covers(q.Reply.Code) {
		v.Reason = fmt.Sprintf("%d is not in redirect.codes", q.Reply.Code)
		return v
	}
	if !strings.EqualFold(q.Reply.Command, "RCPT") {
		v.Reason = "only a reply to RCPT redirects"
		return v
	}
	to, err := parse(q.Reply)
	if err != nil {
		v.Reason = err.Error()
		return v
	}
	v.To = to
	if why := p.forbids(q, to); why != "" {
		v.Reason = fmt.Sprintf("not followed to <%s>: %s", to, why)
		return v
	}
	if why := p.loops(q, to); why != "" {
		v.Status = reply.Enhanced{Class: 5, Subject: 4, Detail: 6} // RFC 3463 section 3.5, routing loop
		v.Reason = fmt.Sprintf("not followed to <%s>: %s", to, why)
		return v
	}
	v.Follow = true
	v.Direct = p.Leaves(q.Old.Domain, q.ServerNames...)
	v.Reason = done(q.Reply.Code, v)
	return v
}

// forbids is the policy that stands against a redirect to this address, "" when
// there is none. The draft leaves the sender free to decline (section 3.1) and
// asks it to be sure whom it talks to (section 4).
func (p Policy) forbids(q Question, to address.Addr) string {
	switch {
	case p.Follow == FollowVerified && !q.Trusted:
		return `the connection is not verified TLS, and redirect.follow is "verified"`
	case p.Follow != FollowVerified && p.Follow != FollowAlways:
		return `redirect.follow is "never"`
	case !p.allows(to.Domain):
		return fmt.Sprintf("%q is not in redirect.allow_domains", to.Domain)
	case q.Reply.Code == 558 && p.Via == ViaSmarthost && !q.DomainsOwn && IsOwn(q.Old.Domain, q.ServerNames...):
		return fmt.Sprintf(`the server of %q must not be offered it (558), and redirect.via = "smarthost" leaves no other way`, q.Old.Domain)
	}
	return ""
}

// loops tells what kind of loop a redirect to this address would be, "" for none.
func (p Policy) loops(q Question, to address.Addr) string {
	switch {
	case to.Equal(q.Old), q.Visited != nil && q.Visited(to):
		return "a circle of redirects"
	case q.Hops >= p.MaxHops:
		return fmt.Sprintf("too many redirects, redirect.max_hops is %d", p.MaxHops)
	}
	return ""
}

// Leaves tells whether a copy that was redirected away from a domain leaves the
// server with these names, which is asked or would be, for the new domain's own
// servers. After a 558 the new address MUST NOT be offered to the old mailbox's own
// server (draft-sam-smtp-redirects section 3.2), and after a 557 that server is of
// no more use either; a smarthost that only passes on what another server said stays
// the way out.
func (p Policy) Leaves(old string, names ...string) bool {
	switch p.Via {
	case ViaSmarthost:
		return false
	case ViaMX:
		return true
	}
	return IsOwn(old, names...)
}

// status is the enhanced status code of a redirect: the one in front of the
// text, else the one that belongs to the code (draft-sam-smtp-redirects section
// 5; RFC 3463 section 3.2 for 551), which the draft's own example puts behind.
func status(r reply.Reply) reply.Enhanced {
	if !r.Enhanced.IsZero() {
		return r.Enhanced
	}
	switch r.Code {
	case 551:
		return reply.Enhanced{Class: 5, Subject: 1, Detail: 6}
	case 557:
		return reply.Enhanced{Class: 5, Subject: 2, Detail: 7}
	case 558:
		return reply.Enhanced{Class: 5, Subject: 2, Detail: 8}
	}
	return reply.Enhanced{Class: 5}
}

// done says what a followed redirect means and which way the copy took.
func done(code int, v Verdict) string {
	what := "moved"
	switch code {
	case 557:
		what = "moved for good"
	case 558:
		what = "moved for now"
	}
	way := "by the same smarthost"
	if v.Direct {
		way = fmt.Sprintf("by the servers of %q", v.To.Domain)
	}
	return fmt.Sprintf("%s to <%s>, sent there %s", what, v.To, way)
}

package redirect

import (
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

// standard is the policy that holds without a configuration.
func standard() Policy {
	return Policy{
		Follow: FollowVerified, Codes: []int{557, 558}, Via: ViaAuto,
		MaxHops: 5, Remember: true, AllowDomains: []string{"*"},
	}
}

func question(t testing.TB, code int, old, to string) Question {
	return Question{
		Reply: rcpt(code, "mailbox has moved to <"+to+">"), Old: mailbox(t, old),
		Trusted: true, ServerNames: []string{"smtp.relay.example", "smtp.relay.example", "localhost"},
	}
}

func TestWhatOneAccountBelievedIsNotForcedOnAnother(t *testing.T) {
	proven := Entry{Old: mailbox(t, "a@b.example"), New: mailbox(t, "c@d.example"), Code: 557}
	unproven := proven
	unproven.Unproven = true
	for _, tt := range []struct {
		follow string
		e      Entry
		want   bool
	}{
		{FollowVerified, proven, true}, {FollowVerified, unproven, false},
		{FollowAlways, proven, true}, {FollowAlways, unproven, true},
		{FollowNever, proven, false}, {FollowNever, unproven, false},
	} {
		p := standard()
		p.Follow = tt.follow
		if p.Recalls(tt.e, 0) != tt.want {
			t.Errorf("follow %q, unproven %v: recalled is not %v", tt.follow, tt.e.Unproven, tt.want)
		}
	}
}

func TestWhatIsNotFollowedIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		policy func(*Policy)
		ask    func(*Question)
		status string
		want   string
	}{
		"551 by default": {
			ask:    func(q *Question) { q.Reply.Code = 551 },
			status: "5.1.6", want: "551 is not in redirect.codes"},
		"558 when codes names 557 only": {
			policy: func(p *Policy) { p.Codes = []int{557} },
			ask:    func(q *Question) { q.Reply.Code = 558 },
			status: "5.2.8", want: "558 is not in redirect.codes"},
		"at MAIL": {
			ask:    func(q *Question) { q.Reply.Command = "MAIL" },
			status: "5.2.7", want: "only a reply to RCPT redirects"},
		"after the text": {
			ask:    func(q *Question) { q.Reply.Command = "." },
			status: "5.2.7", want: "only a reply to RCPT redirects"},
		"no address": {
			ask:    func(q *Question) { q.Reply.Lines = []string{"gone fishing"} },
			status: "5.2.7", want: errNoAddress.Error()},
		"no address and a status of the server's own": {
			ask: func(q *Question) {
				q.Reply.Lines = nil
				q.Reply.Enhanced = reply.Enhanced{Class: 5, Subject: 7, Detail: 1}
			},
			status: "5.7.1", want: errNoAddress.Error()},
		"follow is never": {
			policy: func(p *Policy) { p.Follow = FollowNever },
			status: "5.2.7", want: `not followed to <new@example.com>: redirect.follow is "never"`},
		"a policy that says nothing": {
			policy: func(p *Policy) { p.Follow = "" },
			status: "5.2.7", want: `redirect.follow is "never"`},
		"not verified": {
			ask:    func(q *Question) { q.Trusted = false },
			status: "5.2.7", want: "not followed to <new@example.com>: the connection is not verified TLS"},
		"another domain than the allowed ones": {
			policy: func(p *Policy) { p.AllowDomains = []string{"good.example"} },
			status: "5.2.7", want: `"example.com" is not in redirect.allow_domains`},
		"a 558 of the own server, by the smarthost alone": {
			policy: func(p *Policy) { p.Via = ViaSmarthost },
			ask: func(q *Question) {
				q.Reply.Code = 558
				q.ServerNames = []string{"smtp.example.org"}
			},
			status: "5.2.8", want: `the server of "example.org" must not be offered it (558), and redirect.via = "smarthost" leaves no other way`},
		"to itself": {
			ask:    func(q *Question) { q.Old = mailbox(t, "new@EXAMPLE.com") },
			status: "5.4.6", want: "a circle of redirects"},
		"to an address that was tried": {
			ask:    func(q *Question) { q.Visited = func(address.Addr) bool { return true } },
			status: "5.4.6", want: "not followed to <new@example.com>: a circle of redirects"},
		"too many hops": {
			ask:    func(q *Question) { q.Hops = 5 },
			status: "5.4.6", want: "redirect.max_hops is 5"},
		"no hops at all": {
			policy: func(p *Policy) { p.MaxHops = 0 },
			status: "5.4.6", want: "redirect.max_hops is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			p, q := standard(), question(t, 557, "old@example.org", "new@example.com")
			if c.policy != nil {
				c.policy(&p)
			}
			if c.ask != nil {
				c.ask(&q)
			}
			v := p.Decide(q)
			if v.Follow || v.Direct {
				t.Fatalf("followed: %+v", v)
			}
			if v.Status.String() != c.status {
				t.Errorf("status %q, want %q", v.Status, c.status)
			}
			if !strings.Contains(v.Reason, c.want) {
				t.Errorf("reason %q, want %q in it", v.Reason, c.want)
			}
		})
	}
}

func TestWhichWayACopyTakes(t *testing.T) {
	own := []string{"mail.example.org ESMTP ready", "", "127.0.0.1"}
	other := []string{"smtp.relay.example", "smtp.relay.example", "smtp.relay.example"}
	for name, c := range map[string]struct {
		code   int
		via    string
		old    string
		names  []string
		direct bool
	}{
		"a smarthost that passes on a 557":           {557, ViaAuto, "old@example.org", other, false},
		"a smarthost that passes on a 558":           {558, ViaAuto, "old@example.org", other, false},
		"a 557 of the old mailbox's own server":      {557, ViaAuto, "old@example.org", own, true},
		"a 558 of the old mailbox's own server":      {558, ViaAuto, "old@example.org", own, true},
		"a server named as the domain":               {558, ViaAuto, "old@example.org", []string{"Example.ORG."}, true},
		"the host of the smarthost tells":            {558, ViaAuto, "old@example.org", []string{"mx", "mx", "smtp.example.org"}, true},
		"a name that only ends alike":                {558, ViaAuto, "old@example.org", []string{"badexample.org"}, false},
		"a name above the domain":                    {558, ViaAuto, "old@sub.example.org", []string{"mail.example.org"}, false},
		"an internationalised domain":                {558, ViaAuto, "old@bücher.example", []string{"mail.xn--bcher-kva.example"}, true},
		"an address literal":                         {558, ViaAuto, "old@[192.0.2.1]", []string{"192.0.2.1"}, true},
		"an IPv6 literal":                            {558, ViaAuto, "old@[IPv6:2001:DB8::1]", []string{"[2001:db8::1]"}, true},
		"no names at all":                            {558, ViaAuto, "old@example.org", nil, false},
		"empty names":                                {558, ViaAuto, "old@example.org", []string{"", " ", "."}, false},
		"via smarthost, even at the old server":      {557, ViaSmarthost, "old@example.org", own, false},
		"via smarthost, a 558 that is passed on":     {558, ViaSmarthost, "old@example.org", other, false},
		"via mx, even by a smarthost that passes on": {557, ViaMX, "old@example.org", other, true},
		"a policy that says nothing is auto":         {558, "", "old@example.org", own, true},
	} {
		t.Run(name, func(t *testing.T) {
			p, q := standard(), question(t, c.code, c.old, "new@example.com")
			p.Via, q.ServerNames = c.via, c.names
			v := p.Decide(q)
			if !v.Follow || v.To != mailbox(t, "new@example.com") {
				t.Fatalf("not followed: %+v", v)
			}
			if v.Direct != c.direct {
				t.Errorf("direct %v, want %v", v.Direct, c.direct)
			}
			if way := `by the servers of "example.com"`; strings.Contains(v.Reason, way) != c.direct {
				t.Errorf("the reason tells of another way: %q", v.Reason)
			}
		})
	}
}

func TestAllowedDomains(t *testing.T) {
	for name, c := range map[string]struct {
		patterns []string
		domain   string
		want     bool
	}{
		"nothing is allowed by an empty list":    {nil, "example.org", false},
		"a star allows all":                      {[]string{"*"}, "example.org", true},
		"a domain allows itself":                 {[]string{"example.org"}, "EXAMPLE.org", true},
		"a domain does not allow what is below":  {[]string{"example.org"}, "mail.example.org", false},
		"star dot allows what is below":          {[]string{"*.Example.org"}, "a.b.example.org", true},
		"star dot does not allow the domain":     {[]string{"*.example.org"}, "example.org", false},
		"star dot is no end of a word":           {[]string{"*.example.org"}, "badexample.org", false},
		"any of several":                         {[]string{"a.example", "b.example"}, "b.example", true},
		"a pattern in letters, a domain in A":    {[]string{"bücher.example"}, "xn--bcher-kva.example", true},
		"a star allows an address literal":       {[]string{"*"}, "[192.0.2.1]", true},
		"an address literal is no domain":        {[]string{"*.2.1"}, "[192.0.2.1]", false},
		"an address literal can be named":        {[]string{"[192.0.2.1]"}, "[192.0.2.1]", true},
		"an address in another spelling":         {[]string{"[IPv6:2001:DB8::1]"}, "[ipv6:2001:db8:0::1]", true},
		"a star is not loopback":                 {[]string{"*"}, "[127.0.0.1]", false},
		"nor in six":                             {[]string{"*"}, "[IPv6:::1]", false},
		"nor with four in six":                   {[]string{"*"}, "[IPv6:::ffff:127.1.2.3]", false},
		"nor a private network":                  {[]string{"*"}, "[10.1.2.3]", false},
		"nor a private network in six":           {[]string{"*"}, "[IPv6:fd00::1]", false},
		"nor a link":                             {[]string{"*"}, "[169.254.169.254]", false},
		"nor a link in six":                      {[]string{"*"}, "[IPv6:fe80::1]", false},
		"nor the address of nobody":              {[]string{"*"}, "[0.0.0.0]", false},
		"loopback can be named":                  {[]string{"*", "[127.0.0.1]"}, "[127.0.0.1]", true},
		"an empty pattern allows nothing":        {[]string{"", "*."}, "example.org", false},
		"a star elsewhere than in front is none": {[]string{"mail.*"}, "mail.example", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (Policy{AllowDomains: c.patterns}).allows(c.domain); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

package spf_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
	"mailchute/relay/spf"
)

// The first ones are those of RFC 7208 appendix A.
const zone = `
	example.com MX 10 mail-a.example.com
	example.com MX 20 mail-b.example.com
	example.com A 192.0.2.10
	example.com A 192.0.2.11
	mail-a.example.com A 192.0.2.129
	mail-b.example.com A 192.0.2.130
	mail-b.example.com AAAA 2001:db8::130
	amy.example.com A 192.0.2.65

	all.test TXT v=spf1 +all
	a.test TXT v=spf1 a:example.com -all
	a24.test TXT v=spf1 a:amy.example.com/28 ~all
	mx.test TXT v=spf1 mx:example.com -all
	mx.test TXT something else
	mx6.test TXT v=spf1 mx:example.com/32//64 -all
	net.test TXT V=SPF1 ip4:192.0.2.128/28 IP6:2001:db8::/32 ?all
	quiet.test TXT v=spf1 ip4:198.51.100.1
	include.test TXT v=spf1 include:net.test include:mx.test -all
	redirect.test TXT v=spf1 redirect=a.test
	ptr.test TXT v=spf1 ptr ptr:example.com -all
	exists.test TXT v=spf1 exists:%{ir}.%{v}._spf.%{d2} exists:%{l1r-}.lp._spf.%{d} -all
	129.2.0.192.in-addr._spf.exists.test A 127.0.0.2
	strong.lp._spf.exists.test A 127.0.0.2
	ext.test TXT v=spf1 unknown=%{d} exp=explain.%{d} mx:example.com -all
	local.test TXT v=spf1 a:192.0.2.129 -all

	two.test TXT v=spf1 -all
	two.test TXT v=spf1 +all
	typo.test TXT v=spf1 ipv4:192.0.2.1 -all
	address.test TXT v=spf1 ip4:300.0.2.1 -all
	length.test TXT v=spf1 ip4:192.0.2.0/33 -all
	six.test TXT v=spf1 ip4:2001:db8::1 -all
	twice.test TXT v=spf1 redirect=a.test redirect=a.test
	allarg.test TXT v=spf1 all:x
	macro.test TXT v=spf1 exists:%{z}.x -all
	percent.test TXT v=spf1 include:100%.x -all
	bare.test TXT v=spf1 include: -all
	gone.test TXT v=spf1 include:nowhere.test -all
	lost.test TXT v=spf1 redirect=nowhere.test
	loop.test TXT v=spf1 include:loop.test -all
	void.test TXT v=spf1 a:n1.test a:n2.test a:n3.test -all
	down.test TXT v=spf1 include:broken.test -all
	broken.test FAIL
	near.test TXT v=spf10 +all
`

func check(t testing.TB, q spf.Query) spf.Answer {
	t.Helper()
	s := dnstest.New(t, zone, false)
	return spf.Check(t.Context(), &dns.Client{Servers: []netip.AddrPort{s.Addr}, Timeout: time.Minute, Attempts: 1}, q)
}

func TestARecordDecidesForEachAddress(t *testing.T) {
	for _, tt := range []struct {
		domain, ip, local string
		want              spf.Result
	}{
		{"all.test", "198.51.100.7", "", spf.Pass},
		{"a.test", "192.0.2.10", "", spf.Pass},
		{"A.Test.", "192.0.2.11", "", spf.Pass},
		{"a.test", "192.0.2.12", "", spf.Fail},
		{"a24.test", "192.0.2.66", "", spf.Pass},
		{"a24.test", "192.0.2.81", "", spf.SoftFail},
		{"mx.test", "192.0.2.130", "", spf.Pass},
		{"mx.test", "::ffff:192.0.2.130", "", spf.Pass},
		{"mx.test", "2001:db8::130", "", spf.Pass},
		{"mx.test", "2001:db8::131", "", spf.Fail},
		{"mx6.test", "2001:db8::131", "", spf.Pass},
		{"net.test", "192.0.2.129", "", spf.Pass},
		{"net.test", "2001:db8:1::", "", spf.Pass},
		{"net.test", "198.51.100.7", "", spf.Neutral},
		{"quiet.test", "198.51.100.7", "", spf.Neutral},
		{"include.test", "192.0.2.129", "", spf.Pass},
		{"include.test", "198.51.100.7", "", spf.Fail},
		{"redirect.test", "192.0.2.10", "", spf.Pass},
		{"redirect.test", "198.51.100.7", "", spf.Fail},
		{"ptr.test", "192.0.2.10", "", spf.Fail},
		{"exists.test", "192.0.2.129", "", spf.Pass},
		{"exists.test", "198.51.100.7", "bad-strong", spf.Fail},
		{"exists.test", "198.51.100.7", "strong-bad", spf.Pass},
		{"ext.test", "192.0.2.129", "", spf.Pass},
		{"local.test", "192.0.2.129", "", spf.Fail},
		{"mail-a.example.com", "192.0.2.129", "", spf.None},
		{"nowhere.test", "192.0.2.129", "", spf.None},
		{"near.test", "192.0.2.129", "", spf.None},
		{"localhost", "192.0.2.129", "", spf.None},
		{"a..test", "192.0.2.129", "", spf.None},
		{"broken.test", "192.0.2.129", "", spf.TempError},
		{"down.test", "192.0.2.129", "", spf.TempError},
	} {
		got := check(t, spf.Query{Domain: tt.domain, IP: netip.MustParseAddr(tt.ip), Local: tt.local})
		if got.Result != tt.want {
			t.Errorf("%s from %s: %s (%s), want %s", tt.domain, tt.ip, got.Result, got.Reason, tt.want)
		}
	}
}

func TestAWrongRecordSaysWhatIsWrong(t *testing.T) {
	for domain, want := range map[string]string{
		"two.test":     "two.test has two SPF records, and receivers use neither",
		"typo.test":    `"ipv4:192.0.2.1" in the record is no mechanism`,
		"address.test": `"ip4:300.0.2.1" in the record holds no such address`,
		"length.test":  `"ip4:192.0.2.0/33" in the record: its length is out of range`,
		"six.test":     `"ip4:2001:db8::1" in the record holds no such address`,
		"twice.test":   "redirect stands twice in the record",
		"allarg.test":  `"all:x" in the record: all takes nothing`,
		"macro.test":   `"%{z}.x" in the record is no macro that can be expanded`,
		"percent.test": `"100%.x" in the record is no macro that can be expanded`,
		"bare.test":    `"include:" in the record names no domain`,
		"gone.test":    "include:nowhere.test leads to no record",
		"lost.test":    "redirect=nowhere.test leads to no record",
		"loop.test":    "the record needs more than 10 lookups, and receivers give up there",
		"void.test":    "more than 2 names in the record lead to nothing",
	} {
		got := check(t, spf.Query{Domain: domain, IP: netip.MustParseAddr("198.51.100.7")})
		if got.Result != spf.PermError || got.Reason != want {
			t.Errorf("%s: %s, %q, want %q", domain, got.Result, got.Reason, want)
		}
		if got.Lookups > 11 {
			t.Errorf("%s: %d lookups", domain, got.Lookups)
		}
	}
}

func TestTheNamesThatARecordBuildsUponAreTold(t *testing.T) {
	got := check(t, spf.Query{Domain: "include.test", IP: netip.MustParseAddr("198.51.100.7")})
	if want := []string{"net.test", "mx.test", "example.com"}; !slices.Equal(got.Names, want) {
		t.Errorf("%q, want %q", got.Names, want)
	}
}

// FuzzAnyRecordHasAResult evaluates any text as a record.
func FuzzAnyRecordHasAResult(f *testing.F) {
	for line := range strings.Lines(zone) {
		if _, text, ok := strings.Cut(line, "TXT "); ok {
			f.Add(strings.TrimSpace(text), "198.51.100.7")
		}
	}
	f.Add("v=spf1 exists:%{i5r.-+,/_=}.%{S}%%%_%- mx/24//64 a:%{d}/24", "2001:db8::1")
	f.Fuzz(func(t *testing.T, text, ip string) {
		from, err := netip.ParseAddr(ip)
		if err != nil {
			return
		}
		r := &one{text: text}
		a := spf.Check(t.Context(), r, spf.Query{Domain: "fuzz.test", IP: from})
		if a.Result == "" || strings.ContainsFunc(a.Reason, func(c rune) bool { return c < ' ' }) {
			t.Errorf("%q: %+v", text, a)
		}
		if r.asked > 1+10*11 {
			t.Errorf("%q: %d questions", text, r.asked)
		}
	})
}

// one is a DNS in which every name has the same record.
type one struct {
	text  string
	asked int
}

func (o *one) TXT(_ context.Context, name string) (dns.Answer[string], error) {
	o.asked++
	return dns.Answer[string]{Records: []string{o.text}}, nil
}

func (o *one) MX(_ context.Context, name string) (dns.Answer[dns.MX], error) {
	o.asked++
	return dns.Answer[dns.MX]{Records: []dns.MX{{Host: "a.test"}, {Host: fmt.Sprint(o.asked, ".test")}}}, nil
}

func (o *one) IPv4(_ context.Context, name string) (dns.Answer[netip.Addr], error) {
	o.asked++
	return dns.Answer[netip.Addr]{Records: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, nil
}

func (o *one) IPv6(_ context.Context, name string) (dns.Answer[netip.Addr], error) {
	o.asked++
	return dns.Answer[netip.Addr]{}, &dns.Error{NotFound: true, Err: fmt.Errorf("none")}
}

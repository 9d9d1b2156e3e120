package route

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
	"mailchute/relay/route/sts"
	"mailchute/relay/smtp"
)

func resolver(t *testing.T, zone string, validated bool) *Resolver {
	s := dnstest.New(t, zone, validated)
	return &Resolver{
		DNS:  dns.Client{Servers: []netip.AddrPort{s.Addr}, Timeout: time.Minute, Attempts: 1},
		Rand: func(int) int { return 0 },
	}
}

// show is endpoints in a line each: address, name, security, and whether the name
// is hearsay (~) and the certificate judged by DANE (=).
func show(endpoints []smtp.Endpoint, err error) string {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Status.String() + " " + e.Error()
	case err != nil:
		return "not an *Error: " + err.Error()
	}
	var lines []string
	for _, e := range endpoints {
		mark := ""
		if e.Hearsay {
			mark += "~"
		}
		if e.Verify != nil {
			mark += "="
		}
		security := map[smtp.Security]string{smtp.Opportunistic: "opportunistic", smtp.StartTLS: "starttls", smtp.Implicit: "implicit"}[e.Security]
		lines = append(lines, fmt.Sprintf("%s %s %s%s", e.Address, e.Host, security, mark))
	}
	return strings.Join(lines, "\n")
}

func TestSRV(t *testing.T) {
	for _, tt := range []struct {
		name, zone string
		validated  bool
		want       string
	}{
		{"TLS from the start goes first, priorities count", `
			_submission._tcp.example.org SRV 0 0 587 a.example.org
			_submissions._tcp.example.org SRV 20 0 465 c.example.org
			_submissions._tcp.example.org SRV 10 0 465 b.example.org
		`, false, "b.example.org:465 b.example.org implicit\nc.example.org:465 c.example.org implicit\na.example.org:587 a.example.org starttls"},
		{"a target elsewhere needs a certificate for the domain that was asked for",
			"_submissions._tcp.example.org SRV 0 0 465 smtp.evil.example", false, "smtp.evil.example:465 example.org implicit"},
		{"a name that only ends alike is elsewhere",
			"_submissions._tcp.example.org SRV 0 0 465 evil-example.org", false, "evil-example.org:465 example.org implicit"},
		{"a validated answer is believed",
			"_submissions._tcp.example.org SRV 0 0 465 smtp.provider.example", true, "smtp.provider.example:465 smtp.provider.example implicit"},
		{"one service is not offered, the other is", `
			_submissions._tcp.example.org SRV 0 0 0 .
			_submission._tcp.example.org SRV 0 0 587 a.example.org
		`, false, "a.example.org:587 a.example.org starttls"},
		{"neither is offered", "_submissions._tcp.example.org SRV 0 0 0 .", false, "4.4.3 example.org: its SRV records say that it offers no mail submission"},
		{"nothing there", "example.org A 192.0.2.1", false, "4.4.3 example.org: it has no SRV records _submissions._tcp or _submission._tcp; name the server itself, as in submission://smtp.example.org"},
		{"DNS fails", "_submissions._tcp.example.org FAIL", false, "4.4.3 example.org: DNS: SRV of _submissions._tcp.example.org: the name server failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := resolver(t, tt.zone, tt.validated)
			if got := show(r.Endpoints(t.Context(), Smarthost{Scheme: SRV, Host: "Example.org"}, Goal{})); !strings.EqualFold(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestWeightsAreShares(t *testing.T) {
	targets := []dns.SRV{{Weight: 3, Target: "three"}, {Weight: 0, Target: "zero"}, {Weight: 1, Target: "one"}, {Priority: 1, Weight: 9, Target: "last"}}
	first := map[string]int{}
	for draw := range 5 { // 0 to the sum of the weights
		calls := 0
		got := arrange(targets, func(n int) int {
			calls++
			if calls == 1 {
				if n != 5 {
					t.Fatalf("draws from %d", n)
				}
				return draw
			}
			return 0
		})
		first[got[0].Target]++
		if len(got) != 4 || got[3].Target != "last" {
			t.Errorf("got %v", got)
		}
	}
	if first["zero"] != 1 || first["one"] != 1 || first["three"] != 3 {
		t.Errorf("first: %v", first)
	}
}

func TestMX(t *testing.T) {
	for _, tt := range []struct {
		name, domain, zone, want string
	}{
		{"by preference, both families by turns, each name once", "example.org", `
			example.org MX 20 b.example.org
			example.org MX 10 a.example.net
			example.org MX 30 A.example.net
			a.example.net A 192.0.2.1
			a.example.net A 192.0.2.2
			a.example.net AAAA 2001:db8::1
			b.example.org A 192.0.2.3
		`, "[2001:db8::1]:25 a.example.net opportunistic~\n192.0.2.1:25 a.example.net opportunistic~\n192.0.2.2:25 a.example.net opportunistic~\n192.0.2.3:25 b.example.org opportunistic~"},
		{"no MX: the domain itself, whose name is no hearsay", "example.org", "example.org A 192.0.2.1", "192.0.2.1:25 example.org opportunistic"},
		{"an alias leads to another domain's MX", "alias.example", "alias.example CNAME example.org\nexample.org MX 1 mx.example.org\nmx.example.org A 192.0.2.1", "192.0.2.1:25 mx.example.org opportunistic~"},
		{"an MX that is an alias is followed", "example.org", "example.org MX 1 alias.example\nalias.example CNAME mx.example\nmx.example A 192.0.2.1", "192.0.2.1:25 alias.example opportunistic~"},
		{"a domain in Unicode", "bücher.example", "xn--bcher-kva.example A 192.0.2.1", "192.0.2.1:25 xn--bcher-kva.example opportunistic"},
		{"an address literal", "[192.0.2.7]", "", "192.0.2.7:25 192.0.2.7 opportunistic"},
		{"an IPv6 address literal", "[IPv6:2001:db8::7]", "", "[2001:db8::7]:25 2001:db8::7 opportunistic"},
		{"an address literal of another kind", "[x400:c=de]", "", "5.1.2 [x400:c=de]: it is no address that can be reached"},
		{"the null MX", "example.org", "example.org MX 0 .\nexample.org A 192.0.2.1", "5.1.10 example.org: this domain takes no mail (null MX)"},
		{"a null MX among others is nothing", "example.org", "example.org MX 0 .\nexample.org MX 1 mx.example.org\nmx.example.org A 192.0.2.1", "192.0.2.1:25 mx.example.org opportunistic~"},
		{"no such domain", "example.org", "", "5.1.2 example.org: there is no such domain"},
		{"a domain without any server", "example.org", "example.org TXT hello", "5.4.4 example.org: it has no address"},
		{"an MX without address", "example.org", "example.org MX 1 mx.example.org", "5.4.4 mx.example.org: it has no address"},
		{"an MX that is no host name, yet an MX: the domain itself is not the server", "example.org", "example.org MX 1 a/b.example.org\nexample.org A 192.0.2.1", "5.4.4 invalid: it has no address"},
		{"one MX without address, another with", "example.org", "example.org MX 1 mx.example.org\nexample.org MX 2 b.example.org\nb.example.org A 192.0.2.1", "192.0.2.1:25 b.example.org opportunistic~"},
		{"DNS fails for the domain", "example.org", "example.org FAIL", "4.4.3 example.org: DNS: MX of example.org: the name server failed"},
		{"DNS fails for one MX, the other has no address", "example.org", "example.org MX 1 a.example.org\nexample.org MX 2 b.example.org\na.example.org FAIL", "4.4.3 a.example.org: DNS: A of a.example.org: the name server failed"},
		{"this program is the best MX", "example.org", "example.org MX 1 me.example.org\nexample.org MX 2 b.example.org\nme.example.org A 192.0.2.99\nb.example.org A 192.0.2.1", "5.4.6 example.org: its mail server is this program itself: mail for it would go in a circle"},
		{"this program is the second MX", "example.org", "example.org MX 1 a.example.org\nexample.org MX 2 me.example.org\nexample.org MX 3 c.example.org\nme.example.org A 192.0.2.99\na.example.org A 192.0.2.1\nc.example.org A 192.0.2.3", "192.0.2.1:25 a.example.org opportunistic~"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := resolver(t, tt.zone, false)
			r.Self = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.99:25")}
			if got := show(r.Endpoints(t.Context(), Smarthost{Scheme: MX}, Goal{Domain: tt.domain})); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestWhoIsNamedFromOutsideHasNoPlaceInside(t *testing.T) {
	for _, tt := range []struct {
		name, domain, zone, want string
	}{
		{"outside", "example.org", "example.org A 192.0.2.1", "192.0.2.1:25 example.org opportunistic"},
		{"loopback", "example.org", "example.org A 127.0.0.1", "5.7.1"},
		{"a link", "example.org", "example.org AAAA fe80::1", "5.7.1"},
		{"private networks", "example.org", "example.org MX 1 a.example.org\nexample.org MX 1 b.example.org\na.example.org A 10.1.2.3\nb.example.org AAAA fd00::1", "5.7.1"},
		{"IPv4 in IPv6", "example.org", "example.org AAAA ::ffff:192.168.0.1", "5.7.1"},
		{"an address inside beside one outside", "example.org", "example.org A 192.168.0.1\nexample.org A 192.0.2.1", "192.0.2.1:25 example.org opportunistic"},
		{"a literal", "[172.16.0.1]", "", "5.7.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := show(resolver(t, tt.zone, false).Endpoints(t.Context(), Smarthost{Scheme: MX}, Goal{Domain: tt.domain, Outside: true}))
			if got != tt.want && !(tt.want == "5.7.1" && strings.HasPrefix(got, "5.7.1 ") && strings.Contains(got, "redirect.allow_domains")) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestAHostileAnswerMakesNoEndlessWork(t *testing.T) {
	var zone strings.Builder
	for i := range 50 {
		fmt.Fprintf(&zone, "example.org MX 1 mx%d.example.org\n", i)
		for j := range 20 {
			fmt.Fprintf(&zone, "mx%d.example.org A 192.0.2.%d\n", i, j)
		}
	}
	s := dnstest.New(t, zone.String(), true)
	r := &Resolver{DNS: dns.Client{Servers: []netip.AddrPort{s.Addr}, Timeout: time.Minute, Attempts: 1}}
	endpoints, err := r.Endpoints(t.Context(), Smarthost{Scheme: MX}, Goal{Domain: "example.org"})
	if err != nil || len(endpoints) != maxEndpoints {
		t.Errorf("%d endpoints, %v", len(endpoints), err)
	}
	if n := len(s.Asked()); n > 2+3*maxHosts {
		t.Errorf("%d questions", n)
	}
}

func TestEqualsAreShuffled(t *testing.T) {
	mx := []dns.MX{{Preference: 5, Host: "a"}, {Preference: 5, Host: "b"}, {Preference: 1, Host: "c"}}
	seen := map[string]bool{}
	for i := range 6 {
		n := 0
		got := ranked(mx, func(m int) int { n++; return (i >> (n - 1)) % m })
		if got[0].Host != "c" {
			t.Errorf("got %v", got)
		}
		seen[got[1].Host] = true
	}
	if !seen["a"] || !seen["b"] {
		t.Errorf("second: %v", seen)
	}
}

const (
	digest = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	secure = "example.org MX 1 mx.example.org\nmx.example.org A 192.0.2.1\n"
)

func TestWhatTLSMustBe(t *testing.T) {
	enforce := "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 1000\n"
	for _, tt := range []struct {
		name, zone string
		validated  bool
		policy     string
		demand     Demand
		want       string
	}{
		{"nothing is published", secure, false, "", DemandPublished, "opportunistic~"},
		{"validated names are no hearsay", secure, true, "", DemandPublished, "opportunistic"},
		{"DANE", secure + "_25._tcp.mx.example.org TLSA 3 1 1 " + digest, true, "", DemandPublished, "starttls="},
		{"TLSA without a validated answer is nothing", secure + "_25._tcp.mx.example.org TLSA 3 1 1 " + digest, false, "", DemandPublished, "opportunistic~"},
		{"TLSA where the MX was not validated: verified, but hearsay", secure + "example.org INSECURE\n_25._tcp.mx.example.org TLSA 3 1 1 " + digest, true, "", DemandPublished, "starttls~="},
		{"TLSA for others: TLS, nobody to verify", secure + "_25._tcp.mx.example.org TLSA 1 1 1 " + digest, true, "", DemandPublished, "starttls~="},
		{"TLSA for others and verification demanded", secure + "_25._tcp.mx.example.org TLSA 1 1 1 " + digest, true, "", DemandVerified, "starttls"},
		{"TLSA that cannot be had", secure + "_25._tcp.mx.example.org FAIL", true, "", DemandPublished, "4.7.5 mx.example.org: DNS: TLSA of _25._tcp.mx.example.org: the name server failed"},
		{"TLSA is not asked for where addresses were not validated", secure + "mx.example.org INSECURE\n_25._tcp.mx.example.org FAIL", true, "", DemandPublished, "opportunistic~"},
		{"MTA-STS enforced", secure, false, enforce, DemandPublished, "starttls"},
		{"MTA-STS testing", secure, false, strings.Replace(enforce, "enforce", "testing", 1), DemandPublished, "opportunistic~"},
		{"MTA-STS none", secure, false, strings.Replace(enforce, "enforce", "none", 1), DemandPublished, "opportunistic~"},
		{"MTA-STS names others", secure, false, strings.Replace(enforce, "mx: mx", "mx: other", 1), DemandPublished, "4.7.5 example.org: none of its mail servers is one that its MTA-STS policy allows"},
		{"DANE goes before MTA-STS", secure + "_25._tcp.mx.example.org TLSA 3 1 1 " + digest, true, enforce, DemandPublished, "starttls="},
		{"verification is demanded", secure, false, "", DemandVerified, "starttls~"},
		{"TLS-Required: No", secure + "_25._tcp.mx.example.org TLSA 3 1 1 " + digest, true, enforce, DemandNothing, "opportunistic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := resolver(t, tt.zone, tt.validated)
			if tt.policy != "" {
				r.Policies = &sts.Book{
					TXT:   func(context.Context, string) ([]string, error) { return []string{"v=STSv1; id=1"}, nil },
					Fetch: func(context.Context, string) (string, error) { return tt.policy, nil },
				}
			}
			got := show(r.Endpoints(t.Context(), Smarthost{Scheme: MX}, Goal{Domain: "example.org", Demand: tt.demand}))
			if got = strings.TrimPrefix(got, "192.0.2.1:25 mx.example.org "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNoAddressOfThisProgramIsGoneTo(t *testing.T) {
	for _, tt := range []struct {
		listens, to string
		self        bool
	}{
		{"127.0.0.1", "[127.0.0.1]", true},
		{"127.0.0.1", "[127.0.0.2]", false},
		{"127.0.0.1", "[IPv6:::ffff:127.0.0.1]", true},
		{"127.0.0.1", "[0.0.0.0]", true},
		{"127.0.0.1", "[IPv6:::]", true},
		{"::1", "[IPv6:::]", true},
		{"0.0.0.0", "[127.0.0.2]", true},
		{"192.0.2.1", "[0.0.0.0]", false},
	} {
		r := &Resolver{Port: 2525, Self: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr(tt.listens), 2525)}}
		_, err := r.Endpoints(t.Context(), Smarthost{Scheme: MX}, Goal{Domain: tt.to})
		if (err != nil) != tt.self {
			t.Errorf("listens at %s, mail for %s: %v", tt.listens, tt.to, err)
		}
	}
}

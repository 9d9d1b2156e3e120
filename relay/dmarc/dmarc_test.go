package dmarc_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailchute/relay/dmarc"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
)

const zone = `
	_dmarc.example.org TXT v=DMARC1; p=reject; sp=quarantine; aspf=s
	_dmarc.own.example.org TXT v=DMARC1;p=none
	_dmarc.two.example TXT v=DMARC1; p=reject
	_dmarc.two.example TXT v=DMARC1; p=none
	_dmarc.bank TXT v=DMARC1; p=reject; psd=y
	_dmarc.cut.example.net TXT v=DMARC1; p=reject; psd=n
	_dmarc.example.net TXT v=DMARC1; p=none
	_dmarc.h.i.j TXT v=DMARC1; p=reject
	_dmarc.test.example TXT v=DMARC1; p=reject; sp=quarantine; t=y
	_dmarc.calm.example TXT v=DMARC1; p=none; t=Y
	_dmarc.broken.example FAIL
`

func resolver(t testing.TB) *dns.Client {
	s := dnstest.New(t, zone, false)
	return &dns.Client{Servers: []netip.AddrPort{s.Addr}, Timeout: time.Minute, Attempts: 1}
}

func TestTheRecordThatSpeaksForADomainIsFoundByWalkingUp(t *testing.T) {
	r := resolver(t)
	for _, tt := range []struct{ name, domain, want string }{
		{"its own", "Example.ORG.", "at example.org, of example.org: reject"},
		{"that of the organization, for subdomains", "a.b.example.org", "at example.org, of example.org: quarantine"},
		{"its own, below an organization's", "own.example.org", "at own.example.org, of example.org: none"},
		{"none", "nobody.example", "at , of nobody.example: "},
		{"two are none", "two.example", "at , of two.example: "},
		{"that of a public suffix, whose children are organizations", "www.my.bank", "at bank, of my.bank: reject"},
		{"the suffix itself", "bank", "at bank, of bank: reject"},
		{"an organization that says so itself", "x.cut.example.net", "at cut.example.net, of cut.example.net: reject"},
		{"a policy that is tested counts one level lower", "test.example", "at test.example, of test.example: quarantine"},
		{"for subdomains too", "a.test.example", "at test.example, of test.example: none"},
		{"and none stays none", "calm.example", "at calm.example, of calm.example: none"},
		{"of a long name the last seven labels count", "a.b.c.d.e.f.g.x.y.z.h.i.j", "at h.i.j, of h.i.j: reject"},
	} {
		f, err := dmarc.Find(t.Context(), r, tt.domain)
		if got := fmt.Sprintf("at %s, of %s: %s", f.At, f.Organization, f.Demand()); got != tt.want || err != nil {
			t.Errorf("%s: %s, want %s (%v)", tt.name, got, tt.want, err)
		}
	}
	for domain, want := range map[string]string{"a.two.example": "two.example", "example.org": "", "nobody.example": ""} {
		if f, err := dmarc.Find(t.Context(), r, domain); f.Several != want || err != nil {
			t.Errorf("%s: several records at %q, want %q (%v)", domain, f.Several, want, err)
		}
	}
	if _, err := dmarc.Find(t.Context(), r, "broken.example"); err == nil {
		t.Error("a server that fails is no answer")
	}
}

func TestAlignmentIsStrictOrWithinAnOrganization(t *testing.T) {
	author := dmarc.Found{Domain: "example.org", Organization: "example.org"}
	for _, tt := range []struct {
		name   string
		strict bool
		other  dmarc.Found
		want   bool
	}{
		{"the same", true, author, true},
		{"below, strictly", true, dmarc.Found{Domain: "mail.example.org", Organization: "example.org"}, false},
		{"below", false, dmarc.Found{Domain: "mail.example.org", Organization: "example.org"}, true},
		{"another", false, dmarc.Found{Domain: "example.net", Organization: "example.net"}, false},
	} {
		if got := dmarc.Aligned(tt.strict, tt.other, author); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if dmarc.Aligned(false, dmarc.Found{}, dmarc.Found{}) {
		t.Error("nobody is aligned with nobody")
	}
}

func TestRecordsAreReadAsReceiversDo(t *testing.T) {
	for text, want := range map[string]string{
		"v=DMARC1; p=reject":                         "{reject  false false 117 false} true",
		" v = DMARC1 ;p= Quarantine ; adkim=S; t=y;": "{quarantine  false true 117 true} true",
		"v=DMARC1":                   "{none  false false 117 false} true",
		"v=DMARC1; p=nonsense; sp=x": "{none  false false 117 false} true",
		"v=DMARC1; psd=Y; sp=none":   "{none none false false 121 false} true",
		"p=reject; v=DMARC1":         "{  false false 0 false} false",
		"v=DMARC12; p=reject":        "{  false false 0 false} false",
		"":                           "{  false false 0 false} false",
	} {
		r, ok := dmarc.Parse(text)
		if got := fmt.Sprint(r, ok); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzAnyTextIsARecordOrNone(f *testing.F) {
	for line := range strings.Lines(zone) {
		_, text, _ := strings.Cut(line, "TXT ")
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := dmarc.Parse(text)
		if ok && r.Policy != "none" && r.Policy != "quarantine" && r.Policy != "reject" {
			t.Errorf("policy %q", r.Policy)
		}
	})
}

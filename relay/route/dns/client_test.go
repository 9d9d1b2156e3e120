package dns_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
)

func client(s *dnstest.Server) *dns.Client {
	return &dns.Client{Servers: []netip.AddrPort{s.Addr}, Timeout: time.Minute, Attempts: 1}
}

func TestEachTypeOfRecordIsRead(t *testing.T) {
	c := client(dnstest.New(t, `
		example.org MX 20 mx2.example.org
		example.org MX 10 MX1.Example.ORG.
		null.example MX 0 .
		odd.example MX 0 a/etc/b.example
		_submissions._tcp.example.org SRV 1 2 465 mail.example.org
		_mta-sts.example.org TXT v=STSv1; id=1;
		_25._tcp.mx1.example.org TLSA 3 1 1 aabb
		mx1.example.org A 192.0.2.1
		mx1.example.org AAAA 2001:db8::1
		alias.example CNAME second.example
		second.example CNAME example.org
		round.example CNAME round.example
	`, true))
	ctx := t.Context()
	check := func(name string, err error, got, want any) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
	mx, err := c.MX(ctx, "example.org")
	check("MX", err, mx, dns.Answer[dns.MX]{Name: "example.org", Secure: true, Records: []dns.MX{{20, "mx2.example.org"}, {10, "mx1.example.org"}}})
	mx, err = c.MX(ctx, "alias.example")
	check("MX behind aliases", err, mx, dns.Answer[dns.MX]{Name: "example.org", Secure: true, Records: []dns.MX{{20, "mx2.example.org"}, {10, "mx1.example.org"}}})
	mx, err = c.MX(ctx, "null.example")
	check("the null MX", err, mx.Records, []dns.MX{{0, ""}})
	mx, err = c.MX(ctx, "odd.example")
	check("an MX that is no host name is one that nobody has", err, mx.Records, []dns.MX{{Host: "invalid"}})
	mx, err = c.MX(ctx, "mx1.example.org")
	check("a name without MX", err, mx.Records, []dns.MX(nil))
	mx, err = c.MX(ctx, "round.example")
	check("a circle of aliases", err, mx.Records, []dns.MX(nil))
	srv, err := c.SRV(ctx, "_submissions._tcp.example.org")
	check("SRV", err, srv.Records, []dns.SRV{{1, 2, 465, "mail.example.org"}})
	txt, err := c.TXT(ctx, "_mta-sts.example.org")
	check("TXT", err, txt.Records, []string{"v=STSv1; id=1;"})
	tlsa, err := c.TLSA(ctx, "_25._tcp.mx1.example.org")
	check("TLSA", err, tlsa.Records, []dns.TLSA{{3, 1, 1, []byte{0xaa, 0xbb}}})
	four, err := c.IPv4(ctx, "mx1.example.org")
	check("A", err, four.Records, []netip.Addr{netip.MustParseAddr("192.0.2.1")})
	six, err := c.IPv6(ctx, "mx1.example.org")
	check("AAAA", err, six.Records, []netip.Addr{netip.MustParseAddr("2001:db8::1")})
}

func TestWhatIsNotThereAndWhatFailsAreTwoThings(t *testing.T) {
	s := dnstest.New(t, "broken.example FAIL", true)
	for name, want := range map[string]bool{
		"nowhere.example": true, "broken.example": false,
		strings.Repeat("a", 70) + ".example": true, "a..b": true,
	} {
		_, err := client(s).MX(t.Context(), name)
		var e *dns.Error
		if !errors.As(err, &e) || e.NotFound != want {
			t.Errorf("%s: not found: %v, want %v: %v", name, e.NotFound, want, err)
		}
	}
}

func TestALongAnswerComesByTCP(t *testing.T) {
	var zone strings.Builder
	for i := range 60 {
		fmt.Fprintf(&zone, "long.example MX %d server-with-a-long-name-%d.example\n", i, i)
	}
	a, err := client(dnstest.New(t, zone.String(), false)).MX(t.Context(), "long.example")
	if err != nil || len(a.Records) != 60 {
		t.Errorf("%d records, %v", len(a.Records), err)
	}
}

func TestTheADBitCountsOnlyWhenTheServerSetsIt(t *testing.T) {
	zone := "a.example A 192.0.2.1\nb.example A 192.0.2.2\nb.example INSECURE"
	validating, other := client(dnstest.New(t, zone, true)), client(dnstest.New(t, zone, false))
	for _, tt := range []struct {
		c    *dns.Client
		name string
		want bool
	}{{validating, "a.example", true}, {validating, "b.example", false}, {other, "a.example", false}} {
		if a, err := tt.c.IPv4(t.Context(), tt.name); err != nil || a.Secure != tt.want {
			t.Errorf("%s: secure %v, %v", tt.name, a.Secure, err)
		}
	}
}

func TestTheNextServerIsAskedWhenOneFails(t *testing.T) {
	bad := dnstest.New(t, "a.example FAIL", false)
	good := dnstest.New(t, "a.example A 192.0.2.1", false)
	c := &dns.Client{Servers: []netip.AddrPort{bad.Addr, good.Addr}, Timeout: time.Minute, Attempts: 1}
	if a, err := c.IPv4(t.Context(), "a.example"); err != nil || len(a.Records) != 1 {
		t.Errorf("%v, %v", a, err)
	}
}

// TestForgedDatagramsAreDropped sends three answers: one with another id, one to
// another question, and the right one.
func TestForgedDatagramsAreDropped(t *testing.T) {
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	go func() {
		buf := make([]byte, 2048)
		n, from, err := u.ReadFrom(buf)
		if err != nil {
			return
		}
		var q dnsmessage.Message
		if q.Unpack(buf[:n]) != nil {
			return
		}
		send := func(id uint16, name string, last byte) {
			full := dnsmessage.MustNewName(name)
			question := q.Questions[0]
			question.Name = full
			m := dnsmessage.Message{Header: dnsmessage.Header{ID: id, Response: true}, Questions: []dnsmessage.Question{question},
				Answers: []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: full, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, last}}}}}
			packed, _ := m.Pack()
			_, _ = u.WriteTo(packed, from)
		}
		_, _ = u.WriteTo([]byte("?"), from)
		send(q.ID+1, "a.example.", 66)
		send(q.ID, "b.example.", 67)
		send(q.ID, "A.example.", 1)
	}()
	c := &dns.Client{Servers: []netip.AddrPort{u.LocalAddr().(*net.UDPAddr).AddrPort()}, Timeout: time.Minute, Attempts: 1}
	a, err := c.IPv4(t.Context(), "a.example")
	if err != nil || len(a.Records) != 1 || a.Records[0] != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%v, %v", a, err)
	}
}

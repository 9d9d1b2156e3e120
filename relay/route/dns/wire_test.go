package dns

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"
)

func FuzzParse(f *testing.F) {
	name := dnsmessage.MustNewName("example.org.")
	asked := dnsmessage.Question{Name: name, Type: dnsmessage.TypeMX, Class: dnsmessage.ClassINET}
	header := dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET}
	good := dnsmessage.Message{Header: dnsmessage.Header{ID: 7, Response: true, AuthenticData: true}, Questions: []dnsmessage.Question{asked},
		Answers: []dnsmessage.Resource{{Header: header, Body: &dnsmessage.MXResource{Pref: 1, MX: name}}}}
	packed, err := good.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte("\x00\x07\x80\x00"))
	f.Fuzz(func(t *testing.T, msg []byte) {
		a, err := parse(msg, question{id: 7, ask: asked})
		if err != nil && (a.records != nil || a.secure) {
			t.Error("an error and an answer")
		}
		if len(a.records) > most {
			t.Errorf("%d records", len(a.records))
		}
		for _, r := range a.records {
			for _, c := range r.(MX).Host {
				if c <= ' ' || c >= 0x7f {
					t.Errorf("%q is a host", r.(MX).Host)
				}
			}
		}
	})
}

func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       settings
	}{
		{"an empty file asks this machine", "", settings{[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}, 5 * time.Second, 2}},
		{"at most three servers, no comments, no nonsense", "# c\nnameserver 192.0.2.1\nnameserver x\nnameserver fe80::1%eth0\nnameserver ::1\nnameserver 192.0.2.4\nsearch a b",
			settings{[]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:53"), netip.MustParseAddrPort("[fe80::1%eth0]:53"), netip.MustParseAddrPort("[::1]:53")}, 5 * time.Second, 2}},
		{"options within their bounds", "nameserver ::1\noptions ndots:2 timeout:1 attempts:99 timeout:-1 timeout:x rotate",
			settings{[]netip.AddrPort{netip.MustParseAddrPort("[::1]:53")}, time.Second, 5}},
	} {
		got := parseSettings(tt.text)
		if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(settings{}), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
			t.Errorf("%s:\n%s", tt.name, d)
		}
	}
}

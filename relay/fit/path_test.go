package fit_test

import (
	"errors"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/fit"
	"mailchute/relay/reply"
)

func TestPath(t *testing.T) {
	for _, c := range []struct {
		local, domain string
		utf8          bool
		want          string
	}{
		{"", "", false, ""},
		{"bob", "example.org", false, "bob@example.org"},
		{"a b", "example.org", false, `"a b"@example.org`},
		{"bob", "[IPv6:::1]", false, "bob@[IPv6:::1]"},
		{"bob", "bücher.example", false, "bob@xn--bcher-kva.example"},
		{"bob", "BÜCHER.example", false, "bob@xn--bcher-kva.example"},
		{"bob", "bücher.example", true, "bob@bücher.example"},
		{"jörg", "example.org", true, "jörg@example.org"},
	} {
		have, err := fit.Path(address.Addr{Local: c.local, Domain: c.domain}, c.utf8)
		if err != nil || have != c.want {
			t.Errorf("%+v: %q, %v", c, have, err)
		}
	}
}

func TestAnAddressWithoutAFormInASCIIFails(t *testing.T) {
	for _, a := range []address.Addr{{Local: "jörg", Domain: "example.org"}, {Local: "bob", Domain: "ü\u2028.example"}} {
		_, err := fit.Path(a, false)
		var e *fit.Error
		if !errors.As(err, &e) || e.Status != (reply.Enhanced{Class: 5, Subject: 6, Detail: 7}) {
			t.Errorf("%v: %v", a, err)
		}
	}
}

package envelope

import (
	"strings"
	"testing"
	"unicode/utf8"

	"mailchute/headers/address"
)

func TestXtext(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "a+b": "a+2Bb", "a=b": "a+3Db", "a b": "a+20b", "\x7f": "+7F", "ä": "+C3+A4", "": ""} { // RFC 3461 section 4
		if got := EncodeXtext(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got, ok := DecodeXtext(want); got != in || !ok {
			t.Errorf("%q is read as %q", want, got)
		}
	}
	for _, bad := range []string{"a b", "a=b", "+2b", "+2", "+", "+G0", "ä", "\x00"} {
		if got, ok := DecodeXtext(bad); ok {
			t.Errorf("%q is read as %q", bad, got)
		}
	}
}

func TestORCPT(t *testing.T) {
	for _, c := range []struct {
		name, value   string
		want          string // "" where it is malformed
		kind, address string
		ascii         string // as it is sent without SMTPUTF8
	}{
		{"an address", "rfc822;a+2Bb@x.example", "rfc822;a+2Bb@x.example", "rfc822", "a+b@x.example", "rfc822;a+2Bb@x.example"},
		{"a type in capitals stays", "RFC822;a@x.example", "RFC822;a@x.example", "RFC822", "a@x.example", "RFC822;a@x.example"},
		{"another network's", "X-local;fred+20smith", "X-local;fred+20smith", "X-local", "fred smith", "X-local;fred+20smith"},
		{"an address outside ASCII, RFC 6533 3", "utf-8;ä@x.example", "utf-8;ä@x.example", "utf-8", "ä@x.example", `utf-8;\x{E4}@x.example`},
		{"the same escaped", `UTF-8;\x{E4}@x.example`, "UTF-8;ä@x.example", "UTF-8", "ä@x.example", `UTF-8;\x{E4}@x.example`},
		{"a plus sign is escaped", "utf-8;a+b@x.example", `utf-8;a\x{2B}b@x.example`, "utf-8", "a+b@x.example", `utf-8;a\x{2B}b@x.example`},
		{"a control character stays escaped", `utf-8;\x{85}\x{A}@x.example`, `utf-8;\x{85}\x{A}@x.example`, "utf-8", "\u0085\n@x.example", `utf-8;\x{85}\x{A}@x.example`},
		{name: "no type", value: ";a@x.example"},
		{name: "no semicolon", value: "a@x.example"},
		{name: "a type that is none", value: "rfc 822;a@x.example"},
		{name: "no xtext", value: "rfc822;a=b"},
		{name: "outside ASCII without the type for it", value: "rfc822;ä@x.example"},
		{name: "no character", value: `utf-8;\x{D800}`},
		{name: "an escape that does not end", value: `utf-8;\x{E4`},
		{name: "no UTF-8", value: "utf-8;\xff"},
		{name: "too long once it is escaped", value: "utf-8;" + strings.Repeat("+", 400)},
		{name: "too long", value: "rfc822;" + strings.Repeat("x", 494)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := ParseORCPT(c.value)
			if ok != (c.want != "") || ok && string(got) != c.want {
				t.Fatalf("%q, %v, want %q", got, ok, c.want)
			}
			if !ok {
				return
			}
			if kind, name := got.Decode(); kind != c.kind || name != c.address {
				t.Errorf("decoded %q, %q", kind, name)
			}
			if p := got.Parameter(false); p != c.ascii {
				t.Errorf("sent as %q", p)
			}
		})
	}
}

func FuzzORCPT(f *testing.F) {
	for _, s := range []string{"rfc822;a+2Bb@x", `utf-8;\x{E4}ä`, "x;", ";", `utf-8;\`, "utf-8;+="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		o, ok := ParseORCPT(value)
		if !ok {
			return
		}
		if again, ok := ParseORCPT(string(o)); !ok || again != o {
			t.Errorf("%q becomes %q, %v", o, again, ok)
		}
		for _, p := range []string{o.Parameter(true), o.Parameter(false)} {
			if len(p) > maxORCPT || strings.ContainsAny(p, "\r\n\x00 ") || !utf8.ValidString(p) {
				t.Errorf("%q is sent as %q", value, p)
			}
		}
		if p := o.Parameter(false); p != "" {
			if back, ok := ParseORCPT(p); !ok || back != o {
				t.Errorf("%q comes back as %q", p, back)
			}
		}
	})
}

func TestORCPTOfAnAddress(t *testing.T) {
	for _, local := range []string{"a+b", "ä=b", `"a b"`, `a\b`} {
		a := address.Addr{Local: local, Domain: "x.example"}
		if _, got := orcptOf(a).Decode(); got != a.String() {
			t.Errorf("%v: %q", a, got)
		}
	}
}

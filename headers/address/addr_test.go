package address

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStringQuotesOnlyWhereNeeded(t *testing.T) {
	cases := []struct {
		addr Addr
		want string
	}{
		{Addr{}, ""},
		{Addr{"root", ""}, "root"},
		{Addr{"a.b+c", "x.example"}, "a.b+c@x.example"},
		{Addr{"jörg", "bücher.example"}, "jörg@bücher.example"},
		{Addr{"john doe", "x"}, `"john doe"@x`},
		{Addr{`a"b\c`, "x"}, `"a\"b\\c"@x`},
		{Addr{"a..b", "x"}, `"a..b"@x`},
		{Addr{".a", "x"}, `".a"@x`},
		{Addr{"a.", "x"}, `"a."@x`},
		{Addr{"", "x"}, `""@x`},
		{Addr{"a@b", "[192.0.2.1]"}, `"a@b"@[192.0.2.1]`},
		{Addr{"weird (name)", "x"}, `"weird (name)"@x`},
		{Addr{"-list", "x"}, "-list@x"},
	}
	for _, c := range cases {
		if got := c.addr.String(); got != c.want {
			t.Errorf("%#v is written %s, want %s", c.addr, got, c.want)
		}
	}
}

func TestQualifyGivesADomainToWhatHasNone(t *testing.T) {
	cases := []struct {
		addr   Addr
		domain string
		want   Addr
	}{
		{Addr{"root", ""}, "x.example", Addr{"root", "x.example"}},
		{Addr{"Postmaster", ""}, "x.example", Addr{"Postmaster", "x.example"}},
		{Addr{"root", ""}, "", Addr{"root", ""}},
		{Addr{"a", "b"}, "x.example", Addr{"a", "b"}},
		{Addr{}, "x.example", Addr{}},
	}
	for _, c := range cases {
		if got := c.addr.Qualify(c.domain); got != c.want {
			t.Errorf("%#v.Qualify(%q) is %#v, want %#v", c.addr, c.domain, got, c.want)
		}
	}
}

func TestEqualIgnoresTheCaseOfTheDomainOnly(t *testing.T) {
	a := Addr{"Bob", "Example.ORG"}
	if !a.Equal(Addr{"Bob", "example.org"}) {
		t.Error("the case of the domain counts")
	}
	if a.Equal(Addr{"bob", "Example.ORG"}) {
		t.Error("the case of the local part does not count")
	}
}

func TestPostmasterHasNoCase(t *testing.T) {
	if (Addr{"po\u017ftmaster", "example.org"}).Equal(Addr{"postmaster", "example.org"}) {
		t.Error("a long s is an s")
	}
	for _, domain := range []string{"", "example.org"} {
		a, b := Addr{"Postmaster", domain}, Addr{"POSTMASTER", domain}
		if !a.Equal(b) || a.Key() != b.Key() || a.String() == b.String() {
			t.Errorf("%v and %v", a, b)
		}
	}
}

func TestIsASCIILooksAtBothHalves(t *testing.T) {
	for addr, want := range map[Addr]bool{{}: true, {"a", "b"}: true, {"ä", "b"}: false, {"a", "ö"}: false} {
		if got := addr.IsASCII(); got != want {
			t.Errorf("%#v.IsASCII() is %v", addr, got)
		}
	}
}

// parseCase has a reason in place of an address where an error is wanted.
type parseCase struct {
	name, text string
	want       Addr
	reason     string
}

func checkParse(t *testing.T, parse func(string) (Addr, error), cases []parseCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(c.text)
			reason := ""
			if e := (*Error)(nil); errors.As(err, &e) {
				reason = e.Reason
			}
			if diff := cmp.Diff(c.reason, reason); diff != "" {
				t.Errorf("reason for %q (-want +got):\n%s", c.text, diff)
			}
			if got != c.want {
				t.Errorf("%q is %#v, want %#v", c.text, got, c.want)
			}
		})
	}
}

func TestParseReadsExactlyOneMailbox(t *testing.T) {
	const control = "a control character in it"
	checkParse(t, Parse, []parseCase{
		{"an address", "a@b.example", Addr{"a", "b.example"}, ""},
		{"in brackets", " <a@b> ", Addr{"a", "b"}, ""},
		{"with a name", `"A, B" <a@b> (c)`, Addr{"a", "b"}, ""},
		{"with a route", "<@x.example,@y:a@b>", Addr{"a", "b"}, ""},
		{"a bare name", "root", Addr{"root", ""}, ""},
		{"nothing is the null address", "", Addr{}, ""},
		{"blanks are the null address", "  ", Addr{}, ""},
		{"empty brackets are the null address", " <>", Addr{}, ""},
		{"a name for nobody", "X <>", Addr{}, "nothing stands between < and >"},
		{"a list", "a@b, c@d", Addr{}, "one address is wanted, not a list"},
		{"a comma behind it", "a@b,", Addr{}, "one address is wanted, not a list"},
		{"a comma in front of it", ",a@b", Addr{}, "no address"},
		{"a group", "g: a@b;", Addr{}, "unexpected ':'"},
		{"a comment", "(a)", Addr{}, "a comment alone is no address"},
		{"a line end", "a@b\n", Addr{}, control},
		{"a fold", "a\r\n @b", Addr{}, control},
		{"a tab", "a\t@b", Addr{}, control},
		{"a second command", "a@b>\nRCPT TO:<evil@x", Addr{}, control},
		{"a bad one", "bob@-", Addr{}, "a label of the domain begins or ends with a hyphen"},
	})
}

func TestParsePathIsStrict(t *testing.T) {
	const loose = "white space, a comment or an obsolete form in a path"
	checkParse(t, ParsePath, []parseCase{
		{"an address", "a.b@c.example", Addr{"a.b", "c.example"}, ""},
		{"a quoted local part", `"a \"b"@c`, Addr{`a "b`, "c"}, ""},
		{"a literal", "a@[IPv6:::1]", Addr{"a", "[IPv6:::1]"}, ""},
		{"UTF-8", "ä@ö.example", Addr{"ä", "ö.example"}, ""},
		{"a route is dropped", "@x,@[192.0.2.1]:a@b", Addr{"a", "b"}, ""},
		{"nothing", "", Addr{}, "no address"},
		{"no domain", "postmaster", Addr{}, "no domain"},
		{"brackets", "<a@b>", Addr{}, "unexpected <; a display name with special characters needs quotes"},
		{"two addresses", "a@b,c@d", Addr{}, "unexpected ','"},
		{"a blank in front", " a@b", Addr{}, loose},
		{"a blank behind", "a@b ", Addr{}, loose},
		{"a line end behind", "a@b\r\n", Addr{}, "a control character in it"},
		{"a comment", "a@b(c)", Addr{}, loose},
		{"a blank beside a dot", "a@b. c", Addr{}, loose},
		{"a blank in a literal", "a@[ 192.0.2.1]", Addr{}, loose},
		{"words and quoted words", `"a".b@c`, Addr{}, loose},
		{"empty members of a route", "@x,,@y:a@b", Addr{}, loose},
		{"a comma in front of a route", ",@y:a@b", Addr{}, loose},
		{"a comma behind a route", "@y,:a@b", Addr{}, loose},
	})
}

func TestDomains(t *testing.T) {
	label63, label64 := strings.Repeat("d", 63), strings.Repeat("d", 64)
	good := []string{
		"x", "x.y", "1.2.3.4", "a-b.c", "xn--bcher-kva.example", "EXAMPLE", "bücher.example", label63,
		strings.Repeat(label63+".", 3) + label63, strings.Repeat("ö", 40) + ".example",
		"[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::ffff:192.0.2.1]", "[X-new:~]",
	}
	for _, d := range good {
		if a, err := ParsePath("a@" + d); err != nil || a.Domain != d {
			t.Errorf("%q: %v, want it accepted", d, err)
		}
	}
	bad := []string{
		"", ".", "x.", ".x", "x..y", "-", "-x", "x-", "x.-y", "x_y", "x/y", "x*", label64, strings.Repeat(label63+".", 4) + "x",
		"\xff.example", "x\u0080", "ü-", "[]", "[x]", "[192.0.2.256]", "[192.0.2]", "[192.0.02.1]", "[IPv6:192.0.2.1]", "[IPv6:fe80::1%eth0]",
		"[IPv6:]", "[::1]", "[X:]", "[X-:a]", "[X_:a]", "[X:a b]", "[X:ö]", "[X:a\x00]", "[X:" + strings.Repeat("a", 255) + "]", "[192.0.2.1]x", "x[192.0.2.1]",
	}
	for _, d := range bad {
		if a, err := ParsePath("a@" + d); err == nil {
			t.Errorf("%q is accepted as %#v", d, a)
		}
	}
}

func TestTheLocalPartMayBeLongerThanServersWant(t *testing.T) {
	for n, good := range map[int]bool{64: true, 80: true, 255: true, 256: false} {
		if _, err := Parse(strings.Repeat("x", n) + "@y"); (err == nil) != good {
			t.Errorf("a local part of %d octets: %v", n, err)
		}
	}
}

func TestParseArgumentRefusesControlCharacters(t *testing.T) {
	const control = " ! a control character in it"
	checkLists(t, ParseArgument, []listCase{
		{"a list", `a@b, "C, D" <c@d>`, []string{"a@b", "C, D<c@d>"}},
		{"an injected command", "bob@x>\r\nRCPT TO:<evil@y", []string{"! bob@x> RCPT TO:<evil@y" + control}},
		{"an injected list", "bob@x,\n evil@y", []string{"! bob@x, evil@y" + control}},
		{"in a quoted name", "\"\x00\" <a@b>", []string{"! \" \" <a@b>" + control}},
		{"in a comment", "a@b (\x7f)", []string{"! a@b ( )" + control}},
		{"at the end", "a@b\n", []string{"! a@b" + control}},
		{"nothing", " ", nil},
	})
}

func TestErrorsNameTheAddressAndTheReason(t *testing.T) {
	_, err := Parse("bob@@x")
	if want := `malformed address "bob@@x": more than one @`; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

func TestADomainHasOneFormInWhateverLabels(t *testing.T) {
	a := Addr{"a", "xn--bcher-kva.example"}
	for _, domain := range []string{"bücher.example", "BÜCHER.Example", "XN--BCHER-KVA.EXAMPLE"} {
		if b := (Addr{"a", domain}); !a.Equal(b) || a.Key() != b.Key() {
			t.Errorf("%q is another mailbox: %q", domain, b.Key())
		}
	}
	for _, domain := range []string{"bucher.example", "bü--\u200d.example", "[IPv6:::1]"} {
		if b := (Addr{"a", domain}); a.Equal(b) || !b.Equal(b) {
			t.Errorf("%q: %q", domain, b.Key())
		}
	}
	if n := testing.AllocsPerRun(10, func() { a.Folded() }); n > 0 {
		t.Errorf("an address in ASCII costs %.0f allocations", n)
	}
}

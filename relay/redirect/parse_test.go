package redirect

import (
	"errors"
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

func mailbox(t testing.TB, s string) address.Addr {
	t.Helper()
	a, err := address.ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func rcpt(code int, lines ...string) reply.Reply {
	return reply.Reply{Code: code, Lines: lines, Command: "RCPT"}
}

func TestParseFindsTheOneAddress(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"in the text":                        {[]string{"mailbox has moved to <new@example.org>"}, "new@example.org"},
		"with the code behind, as the draft": {[]string{"mailbox has moved to <new@example.org> (X.2.7)"}, "new@example.org"},
		"with a number behind":               {[]string{"<new@example.org> (5.2.7)"}, "new@example.org"},
		"alone":                              {[]string{"<new@example.org>"}, "new@example.org"},
		"in a later line":                    {[]string{"This mailbox has moved.", "New address:", "<new@example.org> please note"}, "new@example.org"},
		"named twice":                        {[]string{"<new@example.org>", "again: <new@EXAMPLE.org>"}, "new@EXAMPLE.org"},
		"named twice in one line":            {[]string{"<new@example.org> <new@example.org>"}, "new@example.org"},
		"beside one without brackets":        {[]string{"old@example.net is now <new@example.org>"}, "new@example.org"},
		"behind an arrow":                    {[]string{"old -> <new@example.org>"}, "new@example.org"},
		"with brackets in a quoted string":   {[]string{`<"a>b\"<c"@example.org>`}, `"a>b\"<c"@example.org`},
		"with a source route, dropped":       {[]string{"<@hop.example:new@example.org>"}, "new@example.org"},
		"at an address literal":              {[]string{"<k@[127.77.3.1]>"}, "k@[127.77.3.1]"},
		"in UTF-8":                           {[]string{"<jörg@bücher.example>"}, "jörg@bücher.example"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(rcpt(557, c.lines...))
			if err != nil {
				t.Fatal(err)
			}
			if want := mailbox(t, c.want); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestParseNeverGuesses(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"no line":                      {nil, errNoAddress.Error()},
		"no address":                   {[]string{"mailbox has moved"}, errNoAddress.Error()},
		"an address without brackets":  {[]string{"moved to new@example.org"}, errNoAddress.Error()},
		"two addresses":                {[]string{"<new@example.org> or <other@example.org>"}, errTwoAddresses.Error()},
		"two addresses in two lines":   {[]string{"<new@example.org>", "<other@example.org>"}, errTwoAddresses.Error()},
		"local parts that differ":      {[]string{"<new@example.org> <New@example.org>"}, errTwoAddresses.Error()},
		"a good one and a bad one":     {[]string{"<new@example.org> <new@@example.org>"}, `malformed address, "new@@example.org"`},
		"no domain":                    {[]string{"<new>"}, `malformed address, "new"`},
		"a blank in the domain":        {[]string{"<new@exa mple.org>"}, "malformed address"},
		"no local part":                {[]string{"<@x.example>"}, "malformed address"},
		"nothing in the brackets":      {[]string{"<>"}, "address"},
		"an address of the web":        {[]string{"<new@example.org> <https://example.org/why>"}, "malformed address"},
		"a name and an address":        {[]string{"<New <new@example.org>>"}, "malformed address"},
		"a bracket that is not closed": {[]string{"<new@example.org"}, "does not close"},
		"a bracket over two lines":     {[]string{"<new@exam", "ple.org>"}, "does not close"},
		"a quote that is not closed":   {[]string{`<"new@example.org>`}, "does not close"},
		"a control character":          {[]string{"<new\r\nRCPT TO:<x@example.org>"}, "malformed address"},
		"a very long one":              {[]string{"<" + strings.Repeat("x", 10000) + ">"}, "malformed address"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(rcpt(558, c.lines...))
			if err == nil {
				t.Fatalf("got %v, want an error", got)
			}
			if !got.IsNull() {
				t.Errorf("an address beside the error: %v", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q in it", err, c.want)
			}
			if len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("no text to show: %q", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"5.2.7 moved to <new@example.org>", "<a@b.example> (X.2.7)", `<"a>b"@x.example>`, `<""@x.example>`, "<@a,@b:c@d.example>",
		"<<>>", "<\x00@x>", "<a@b><a@B>", "<\"", `<"\`, "<new@[IPv6:::1]>",
	} {
		f.Add(seed, "")
		f.Add("moved", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		a, err := parse(rcpt(557, first, second))
		if err != nil {
			if !a.IsNull() {
				t.Fatalf("an address beside an error: %v", a)
			}
			return
		}
		if a.Domain == "" {
			t.Fatalf("no domain: %#v", a)
		}
		again, err := parse(rcpt(557, "<"+a.String()+">"))
		if err != nil || !again.Equal(a) {
			t.Fatalf("%v does not read back: %v, %v", a, again, err)
		}
		if _, err := parse(rcpt(557, first, second, "<other-one@elsewhere.example>")); !errors.Is(err, errTwoAddresses) && !a.Equal(address.Addr{Local: "other-one", Domain: "elsewhere.example"}) {
			t.Fatalf("a second address went unseen: %v", err)
		}
	})
}

package address

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var seeds = []string{
	"", "<>", "a@b", "root", " John Doe <jdoe@machine.example>, , \"Q. (x)\" <@a,@b:c@d> (e (f \\) g))",
	"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org,;, x",
	"jdoe@test  . example", `"a\"b\\"@x, a."b c".d@y, ""@z, "", "a".b@x`, "a@[192.0.2.1], b@[IPv6:::1], c@[ X:y ]",
	"jörg@bücher.example, j\xf6@x, J\xf6 <j@x>, a\u0085@x", "bob@@x, a b@x, @x, bob@, \"x, y@z", "g: h: a@b;; c@d", "a\\,b@x, a@[, b@[[]",
	"a\x00@b, \"\x00\"@b, \"\x00\" <a@b>", "\"x\r\nDATA\"@example.org, \"x\r\n y\"@z, \"x\ty\"@z", "(", "(((a) b@c, d", "<a@b, c@d, >e@f<",
}

func FuzzParseList(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list := ParseList(text)
		last := 0
		for i, e := range list {
			checkText200(t, e.Text)
			if e.Err != nil {
				if e.Addr != (Addr{}) || e.Spec != (Span{}) || e.NameSpan != (Span{}) {
					t.Errorf("a malformed element has an address: %#v", e)
				}
				continue
			}
			last = checkSpans(t, text, e, last)
			checkAddr(t, e.Addr)
			checkReplaced(t, text, list, i)
		}
	})
}

// checkSpans wants the spans of e inside the text, in order and behind last, and
// gives where e ends.
func checkSpans(t *testing.T, text string, e Element, last int) int {
	t.Helper()
	if e.NameSpan != (Span{}) {
		if e.NameSpan.Start < last || e.NameSpan.End <= e.NameSpan.Start {
			t.Errorf("%q: NameSpan %v behind %d", text, e.NameSpan, last)
		}
		last = e.NameSpan.End
	}
	if e.Spec.Start < last || e.Spec.End <= e.Spec.Start || e.Spec.End > len(text) {
		t.Errorf("%q: Spec %v behind %d", text, e.Spec, last)
	}
	return e.Spec.End
}

// checkAddr wants an address that is safe on the wire and reads back the same.
func checkAddr(t *testing.T, a Addr) {
	t.Helper()
	s := a.String()
	if a.IsNull() || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		t.Errorf("%#v is no address for the wire", a)
	}
	if back, err := Parse(s); err != nil || back != a {
		t.Errorf("%s reads back as %#v, %v; it was %#v", s, back, err, a)
	}
	if back, err := ParsePath(s); a.Domain != "" && (err != nil || back != a) {
		t.Errorf("the path %s reads back as %#v, %v; it was %#v", s, back, err, a)
	}
}

// checkReplaced puts the plain form of address i in the place of its Spec and
// wants all addresses to stay the same.
func checkReplaced(t *testing.T, text string, list []Element, i int) {
	t.Helper()
	spec := list[i].Spec
	replaced := text[:spec.Start] + list[i].Addr.String() + text[spec.End:]
	again := ParseList(replaced)
	if len(again) != len(list) {
		t.Fatalf("%q has %d elements, %q has %d", text, len(list), replaced, len(again))
	}
	for j := range list {
		if list[j].Addr != again[j].Addr || list[j].Name != again[j].Name {
			t.Errorf("in %q element %d is %#v, in %q it is %#v", text, j, list[j], replaced, again[j])
		}
	}
}

func checkText200(t *testing.T, s string) {
	t.Helper()
	if len(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		t.Errorf("%q is no text for a message", s)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := Parse(text); err == nil && !a.IsNull() {
			checkAddr(t, a)
			if hasControl(text) {
				t.Errorf("%q is accepted", text)
			}
			if list := ParseList(text); len(list) != 1 || list[0].Addr != a {
				t.Errorf("%q is %#v alone and %#v as a list", text, a, list)
			}
		}
		if a, err := ParsePath(text); err == nil {
			checkAddr(t, a)
			if list := ParseList("<" + text + ">"); len(list) != 1 || list[0].Addr != a {
				t.Errorf("%q is %#v as a path and %#v in brackets", text, a, list)
			}
		}
	})
}

func FuzzPhrase(f *testing.F) {
	for _, s := range append(seeds, "Mary Smith", " a", "J. Doe", "\r\nBcc: x") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name != "" {
			field := Phrase(name) + " <a@b>"
			list := ParseList(field)
			if len(list) != 1 || list[0].Err != nil || list[0].Name != blankControls(name) {
				t.Errorf("the name %q is written %q and read as %#v", name, field, list)
			}
		}
		last := 0
		for _, s := range Comments(name) {
			if s.Start <= last-1 || s.End < s.Start || name[s.Start-1] != '(' || name[s.End] != ')' {
				t.Errorf("a comment of %q is at %v", name, s)
			}
			last = s.End + 1
		}
	})
}

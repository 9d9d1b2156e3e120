package address

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPhraseQuotesWhatIsNoAtom(t *testing.T) {
	cases := []struct{ name, want string }{
		{"", ""},
		{"Mary", "Mary"},
		{"Mary Smith", "Mary Smith"},
		{"Jörg Müller", "Jörg Müller"},
		{"=?utf-8?q?J=C3=B6rg?=", "=?utf-8?q?J=C3=B6rg?="},
		{"Joe Q. Public", `"Joe Q. Public"`},
		{"Doe, John", `"Doe, John"`},
		{`a "b" \c`, `"a \"b\" \\c"`},
		{"two  blanks", `"two  blanks"`},
		{" blank in front", `" blank in front"`},
		{"x\r\nBcc: evil@y", `"x  Bcc: evil@y"`},
		{"\x00", `" "`},
		{"J\xf6rg", "J\xf6rg"},
	}
	for _, c := range cases {
		if got := Phrase(c.name); got != c.want {
			t.Errorf("Phrase(%q) is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCommentsFindsTheOutermostOnes(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"none", "a@b", nil},
		{"several", "(a) x (b)(c)", []string{"a", "b", "c"}},
		{"nested ones belong to the outer one", `x (a (b \) c) d)`, []string{`a (b \) c) d`}},
		{"an empty one", "()", []string{""}},
		{"none in a quoted string", `"(a)" "\"(b)" (c)`, []string{"c"}},
		{"none in a literal", "x@[X:(a)] (b)", []string{"b"}},
		{"a bracket that is not closed hides nothing", "x@[ (a)", []string{"a"}},
		{"an escaped parenthesis opens nothing", `\(a (b)`, []string{"b"}},
		{"an unclosed one is none", "(a) (b (c)", []string{"a"}},
		{"an unclosed quote hides the rest", `(a) " (b)`, []string{"a"}},
		{"an escape at the end", `(a) \`, []string{"a"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Comments(c.text) {
				got = append(got, c.text[s.Start:s.End])
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Comments(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

package address

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// show writes an element as one line: group, name and address, or what is wrong.
func show(e Element) string {
	var b strings.Builder
	if e.Group != "" {
		b.WriteString(e.Group + ": ")
	}
	switch {
	case e.Err != nil:
		b.WriteString("! " + e.Err.(*Error).Text + " ! " + e.Err.(*Error).Reason)
	case e.Angled:
		b.WriteString(e.Name + "<" + e.Addr.String() + ">")
	default:
		b.WriteString(e.Addr.String())
	}
	return b.String()
}

type listCase struct {
	name string
	text string
	want []string
}

func checkLists(t *testing.T, parse func(string) []Element, cases []listCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, e := range parse(c.text) {
				got = append(got, show(e))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ParseList(%q) (-want +got):\n%s", c.text, diff)
			}
		})
	}
}

func TestParseListReadsTheExamplesOfRFC5322(t *testing.T) {
	checkLists(t, ParseList, []listCase{
		{"A.1.1 one mailbox", ` John Doe <jdoe@machine.example>`, []string{"John Doe<jdoe@machine.example>"}},
		{"A.1.2 quoted names", ` "Joe Q. Public" <john.q.public@example.com>`, []string{"Joe Q. Public<john.q.public@example.com>"}},
		{"A.1.2 different types of mailboxes", " Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>\r\n",
			[]string{"Mary Smith<mary@x.test>", "jdoe@example.org", "Who?<one@y.test>"}},
		{"A.1.2 a name with escapes", ` <boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>`,
			[]string{"<boss@nil.test>", `Giant; "Big" Box<sysservices@example.net>`}},
		{"A.1.3 a group", " A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
			[]string{"A Group: Ed Jones<c@a.test>", "A Group: joe@where.test", "A Group: John<jdoe@one.test>"}},
		{"A.1.3 an empty group", " Undisclosed recipients:;", nil},
		{"A.5 white space and comments in From", " Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
			[]string{"Pete<pete@silly.test>"}},
		{"A.5 white space and comments in To",
			"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)\r\n",
			[]string{"A Group: Chris Jones<c@public.example>", "A Group: joe@example.org", "A Group: John<jdoe@one.test>"}},
		{"A.5 an empty group with comments", "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", nil},
		{"A.6.1 a dot in a phrase", " Joe Q. Public <john.q.public@example.com>", []string{"Joe Q. Public<john.q.public@example.com>"}},
		{"A.6.1 route, empty member, blanks around the dot", " Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
			[]string{"Mary Smith<mary@example.net>", "jdoe@test.example"}},
		{"A.6.3 white space and comments in odd places", " John Doe <jdoe@machine(comment).  example>",
			[]string{"John Doe<jdoe@machine.example>"}},
	})
}

func TestParseListAcceptsObsoleteForms(t *testing.T) {
	checkLists(t, ParseList, []listCase{
		{"nothing gives nothing", "", nil},
		{"white space and folds give nothing", " \r\n\t \n ", nil},
		{"a comment alone gives nothing", "(nobody), (at \\( all)", nil},
		{"empty members in front", " , root", []string{"root"}},
		{"empty members everywhere", ",,a@b,, ,c@d,,", []string{"a@b", "c@d"}},
		{"empty members in a group", "x1, g: , x2,, x3,;, x4", []string{"x1", "g: x2", "g: x3", "x4"}},
		{"a group without its semicolon", "g: a@b, c@d", []string{"g: a@b", "g: c@d"}},
		{"no comma behind the semicolon of a group", "g: a@b; c@d", []string{"g: a@b", "c@d"}},
		{"two groups", "g: a@b;, h: c@d;", []string{"g: a@b", "h: c@d"}},
		{"a quoted group name", `"a, b": c@d;`, []string{"a, b: c@d"}},
		{"a value that begins on the folded line", "\r\n a@b,\r\n\tc@d", []string{"a@b", "c@d"}},
		{"folds with LF alone", "a@b,\n c\n @d", []string{"a@b", "c@d"}},
		{"a fold in a quoted name", "\"C\r\n  D\" <c@d>", []string{"C  D<c@d>"}},
		{"a fold in a phrase", "C\r\n \t D (x) E <c@d>", []string{"C D E<c@d>"}},
		{"quoted words beside bare ones in a phrase", `Dr. "X Y"  Z <c@d>`, []string{"Dr. X Y Z<c@d>"}},
		{"words with a quote between them and no blank", `a"b"c <c@d>`, []string{"abc<c@d>"}},
		{"an empty name", `"" <c@d>`, []string{"<c@d>"}},
		{"no blank in front of the bracket", `Name<a@b>`, []string{"Name<a@b>"}},
		{"blanks inside the brackets", "< a@b\t>", []string{"<a@b>"}},
		{"an encoded word is kept", "=?utf-8?q?Doe=2C_J=C3=B6rg?= <jd@x>", []string{"=?utf-8?q?Doe=2C_J=C3=B6rg?=<jd@x>"}},
		{"an address in a name or comment is text", `"<x@fake>, y@fake" <a@b> (z@fake, (q@fake))`, []string{"<x@fake>, y@fake<a@b>"}},
		{"comments with escapes", `(one (two \) three) four) bob@x (Bob, really), carol@x`, []string{"bob@x", "carol@x"}},
		{"a quoted local part", `"john doe"@x, "a@b"@y, "c\"d\\e"@z`, []string{`"john doe"@x`, `"a@b"@y`, `"c\"d\\e"@z`}},
		{"quotes that were not needed", `"john.doe"@x, "\j"@y`, []string{"john.doe@x", "j@y"}},
		{"a fold in a quoted local part", "\"a\r\n b\"@x", []string{`"a b"@x`}},
		{"an empty quoted local part", `""@x`, []string{`""@x`}},
		{"a dot is data in a quoted word", `"a."."b"@x`, []string{`"a..b"@x`}},
		{"an obsolete local part", `a . "b c" . d(e)@(f)x`, []string{`"a.b c.d"@x`}},
		{"bare names", `root, "john doe", Postmaster, R. Oot <root>`, []string{"root", `"john doe"`, "Postmaster", "R. Oot<root>"}},
		{"a source route", "<@a,@b.c:x@d>", []string{"<x@d>"}},
		{"a source route with empty members and literals", "<,@a, ,@[192.0.2.1] : x@d>", []string{"<x@d>"}},
		{"address literals", "a@[192.0.2.55], b@[IPv6:2001:db8::7], c@[X-tag:a,b(c)@d], d@[ 192.0.2.1\r\n ]",
			[]string{"a@[192.0.2.55]", "b@[IPv6:2001:db8::7]", "c@[X-tag:a,b(c)@d]", "d@[192.0.2.1]"}},
		{"UTF-8", "Jörg <jörg@bücher.example>, 我@例.test", []string{"Jörg<jörg@bücher.example>", "我@例.test"}},
		{"a name that is not UTF-8", "J\xf6rg <j@x>, \"\xff\" <k@x>", []string{"J\xf6rg<j@x>", "\xff<k@x>"}},
		{"control characters in a name", "\"a\x00b\x7f\" <j@x>", []string{"a b <j@x>"}},
		{"control characters in a comment", "(\x00\r\x1b) j@x", []string{"j@x"}},
	})
}

func TestParseListJudgesEachElementAlone(t *testing.T) {
	const dots = "a dot at the beginning or end, or two in a row"
	const control = "a control character in it"
	checkLists(t, ParseList, []listCase{
		{"one bad among good ones", "ok@x, bad@@y, Ok Two <ok2@z>", []string{"ok@x", "! bad@@y ! more than one @", "Ok Two<ok2@z>"}},
		{"bad in a group", "g: a@b, c@@d, e@f; , h@i", []string{"g: a@b", "g: ! c@@d ! more than one @", "g: e@f", "h@i"}},
		{"bad at the end of a group", "g: c@@d; , h@i", []string{"g: ! c@@d ! more than one @", "h@i"}},
		{"two words", "a b@x, c@d", []string{"! a b@x ! two words with neither dot nor comma between them", "c@d"}},
		{"two bare words", "Mary Smith, c@d", []string{"! Mary Smith ! two words with neither dot nor comma between them", "c@d"}},
		{"two words in the domain", "a@b c", []string{"! a@b c ! two words with neither dot nor comma between them"}},
		{"no local part", "@x, c@d", []string{"! @x ! nothing stands in front of the @", "c@d"}},
		{"no domain", "bob@, <bob@>, c@d", []string{"! bob@ ! no domain behind the @", "! <bob@> ! no domain behind the @", "c@d"}},
		{"dots in the local part", "a..b@x, .a@x, a.@x, a . . b@x, . a@x, a .@x, .", []string{
			"! a..b@x ! " + dots, "! .a@x ! " + dots, "! a.@x ! " + dots, "! a . . b@x ! " + dots, "! . a@x ! " + dots, "! a .@x ! " + dots, "! . ! " + dots}},
		{"dots in the domain", "a@b..c, a@.b, a@b., a@b . ", []string{
			"! a@b..c ! an empty label in the domain", "! a@.b ! an empty label in the domain", "! a@b. ! an empty label in the domain", "! a@b . ! " + dots}},
		{"an empty local part", `"", <"">`, []string{`! "" ! the local part is empty`, `! <""> ! the local part is empty`}},
		{"empty brackets", "<>, X <>, a@b", []string{"! <> ! nothing stands between < and >", "! X <> ! nothing stands between < and >", "a@b"}},
		{"an unclosed bracket", "X <a@b, c@d", []string{"! X <a@b ! the < is not closed", "c@d"}},
		{"an unclosed bracket in a group", "g: X <a@b; c@d", []string{"g: ! X <a@b ! the < is not closed", "c@d"}},
		{"an unclosed quote takes the rest", `a@b, "c <d@e>, f@g`, []string{"a@b", `! "c <d@e>, f@g ! the quoted string is not closed`}},
		{"an unclosed comment takes the rest", "a@b, (c (d) e@f, g@h", []string{"a@b", "! (c (d) e@f, g@h ! the comment is not closed"}},
		{"an unclosed comment behind an address", "a@b (c, g@h", []string{"! a@b (c, g@h ! the comment is not closed"}},
		{"an escape at the end of a quote", `"a\"`, []string{`! "a\" ! the quoted string is not closed`}},
		{"an unclosed literal", "a@[192.0.2.1, c@d, e@[192.0.2.2]", []string{"! a@[192.0.2.1 ! the address literal is not closed", "c@d", "e@[192.0.2.2]"}},
		{"an escape outside quotes", `a\,b@x, c@d`, []string{`! a\,b@x ! unexpected '\\'`, "c@d"}},
		{"a comma in quotes or comments behind the fault", `a@@b "x, y" (z, w), c@d`, []string{`! a@@b "x, y" (z, w) ! more than one @`, "c@d"}},
		{"brackets that close nothing", "a@b>, c), d], e@f", []string{"! a@b> ! a > that closes nothing", "! c) ! a ) that closes nothing", "! d] ! a ] that closes nothing", "e@f"}},
		{"text behind the bracket", "<a@b> c, d@e", []string{"! <a@b> c ! text behind the address", "d@e"}},
		{"a name with an @ or brackets and no quotes", "a@b <c@d>, [x] Joe <e@f>, g@ h <i@j>, k@l m n", []string{
			"a@b<c@d>", "[x] Joe<e@f>", "g@ h<i@j>", "! k@l m n ! two words with neither dot nor comma between them"}},
		{"two addresses in one", "<e@f> <g@h>, <<i@j>>", []string{
			"! <e@f> <g@h> ! unexpected <; a display name with special characters needs quotes",
			"! <<i@j>> ! unexpected <; a display name with special characters needs quotes"}},
		{"semicolons for commas", "a@b; c@d", []string{"! a@b; c@d ! a semicolon outside a group; commas separate addresses"}},
		{"a semicolon too many", "g: a@b;; , c@d", []string{"g: a@b", "! ; ! a semicolon outside a group; commas separate addresses", "c@d"}},
		{"a group in a group", "g: h: a@b; c@d", []string{"g: ! h: a@b ! unexpected ':'", "c@d"}},
		{"a group without a name", ": a@b;, c@d", []string{"! : a@b; ! unexpected ':'", "c@d"}},
		{"a route outside brackets", "@a:b@c, d@e", []string{"! @a:b@c ! nothing stands in front of the @", "d@e"}},
		{"a route without colon", "<@a b@c>, d@e", []string{"! <@a b@c> ! two words with neither dot nor comma between them", "d@e"}},
		{"a route alone", "<@a>, b@c", []string{"! <@a> ! the source route has no colon at its end", "b@c"}},
		{"something else in the brackets", "<a@b:c>, d@e", []string{"! <a@b:c> ! unexpected ':'", "d@e"}},
		{"a route to a bare name", "<@a:b>", []string{"! <@a:b> ! a source route, but no domain behind the local part"}},
		{"a route with a bad host", "<@a_b:c@d>", []string{"! <@a_b:c@d> ! '_' in the domain"}},
		{"a route and nothing", "<@a:>", []string{"! <@a:> ! a > that closes nothing"}},
		{"a quoted domain", `a@"b"`, []string{`! a@"b" ! a quoted string in the domain`}},
		{"control characters", "a\x00b@x, a\x7f@x, a@b\x1b[m, \"a\x00\"@x, a\u0085@x, a\r@x, b@\n[192.0.2.1], c@d", []string{
			"! a b@x ! " + control, "! a @x ! " + control, "! a@b [m ! " + control, "! \"a \"@x ! " + control, "! a @x ! " + control,
			"! a @x ! " + control, "! b@ [192.0.2.1] ! " + control, "c@d"}},
		{"a line end that is no fold", "a@b\r\nc@d, e@f", []string{"! a@b c@d ! " + control, "e@f"}},
		{"a line end in a quoted local part", "\"x\r\nDATA\"@x", []string{"! \"x DATA\"@x ! " + control}},
		{"invalid UTF-8", "j\xf6@x, j@\xffx, \"\xc3\"@x, ok@x", []string{"! j?@x ! invalid UTF-8", "! j@?x ! invalid UTF-8", "! \"?\"@x ! invalid UTF-8", "ok@x"}},
	})
}

func TestSpansSayWhereTheAddressStands(t *testing.T) {
	cases := []struct {
		name, text, spec, phrase string
	}{
		{"a bare address", " a@b , c", "a@b", ""},
		{"a bare name", "(x) root (y)", "root", ""},
		{"a comment inside belongs to it", "Pete(A) <pete(his)@silly.test(host)>", "pete(his)@silly.test", "Pete"},
		{"blanks inside the brackets do not", "\"A B\"\r\n <\t a . b@c >", "a . b@c", "\"A B\""},
		{"a route does", "A B <@x,@y:a@b>", "@x,@y:a@b", "A B"},
		{"in a group", "g (c): A <a@b>;", "a@b", "A"},
		{"a quoted local part", `"a b"@c`, `"a b"@c`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := ParseList(c.text)[0]
			if got := c.text[e.Spec.Start:e.Spec.End]; got != c.spec {
				t.Errorf("Spec of %q is %q, want %q", c.text, got, c.spec)
			}
			if got := c.text[e.NameSpan.Start:e.NameSpan.End]; got != c.phrase {
				t.Errorf("NameSpan of %q is %q, want %q", c.text, got, c.phrase)
			}
		})
	}
}

func TestTextIsFitForMessages(t *testing.T) {
	long := strings.Repeat("x", 300)
	cases := []struct{ name, text, want string }{
		{"as written, comments too", " (a)  B  <b@c> (d) ,x", "(a)  B  <b@c> (d)"},
		{"folds become one blank", "\r\n a@b\r\n\t(c)", "a@b (c)"},
		{"control characters become one blank", "a\x1b\x00b@c", "a b@c"},
		{"no blank stays at the ends", "\x00 a@b\x1b \x00", "a@b"},
		{"direction marks become a blank", "\"\u202eevil\" <a@b>", "\" evil\" <a@b>"},
		{"octets that are no UTF-8 become question marks", "\xff\xfe@b", "??@b"},
		{"the length is bounded", long, long[:197] + "..."},
		{"no rune is cut", strings.Repeat("ö", 300), strings.Repeat("ö", 98) + "..."},
		{"200 octets fit", strings.Repeat("ö", 100), strings.Repeat("ö", 100)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := ParseList(c.text)[0].Text; got != c.want {
				t.Errorf("Text is %q, want %q", got, c.want)
			}
		})
	}
}

// A text that made a parser slow or recursive would run into the time limit or
// the memory of the test.
func TestHostileListsAreRead(t *testing.T) {
	const n = 1 << 18
	cases := []struct {
		name, text string
		elements   int
		bad        bool
	}{
		{"comments 5,000 deep", strings.Repeat("(", 5000) + strings.Repeat(")", 5000) + "a@b", 1, false},
		{"opening parentheses", strings.Repeat("(", n), 1, true},
		{"opening parentheses behind elements", strings.Repeat("a,", n/4) + strings.Repeat("(", n/2), n/4 + 1, true},
		{"opening brackets", strings.Repeat("<", n), 1, true},
		{"opening square brackets", strings.Repeat("a@[", n/3), 1, true},
		{"unclosed literals", strings.Repeat("a@[,", n/4), n / 4, true},
		{"commas", strings.Repeat(",", n), 0, false},
		{"at signs", strings.Repeat("@", n), 1, true},
		{"dots", strings.Repeat(".", n), 1, true},
		{"words", strings.Repeat("a ", n/2), 1, true},
		{"quotes", strings.Repeat(`"`, n), 1, true},
		{"backslashes", strings.Repeat(`\`, n), 1, true},
		{"colons", strings.Repeat(":", n), 1, true},
		{"groups", strings.Repeat("g:;", n/3), 0, false},
		{"a long name", strings.Repeat("a ", n/2) + "<a@b>", 1, false},
		{"a long local part", strings.Repeat("a", n) + "@b", 1, true},
		{"a long obsolete local part", strings.Repeat("a .", n/3) + "a@b", 1, true},
		{"a long route", "<" + strings.Repeat("@a,", n/3) + ":a@b>", 1, false},
		{"folds", strings.Repeat("\r\n ", n/3) + "a@b", 1, false},
		{"line ends", strings.Repeat("\r\n", n/2) + "a@b", 1, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list := ParseList(c.text)
			if len(list) != c.elements {
				t.Fatalf("%d elements, want %d", len(list), c.elements)
			}
			if len(list) > 0 && (list[len(list)-1].Err != nil) != c.bad {
				t.Errorf("the error of the last one is %v, want one: %v", list[len(list)-1].Err, c.bad)
			}
		})
	}
}

func TestParseListOfPlainMailboxesAllocatesOnlyTheList(t *testing.T) {
	text := strings.Repeat("\"Doe, Mary\" <mary.doe@example.org>,\r\n John Doe <john@example.net>, ", 500)
	// One is the list, one the parser.
	if n := testing.AllocsPerRun(10, func() { ParseList(text) }); n > 2 {
		t.Errorf("%v allocations for 1,000 mailboxes", n)
	}
}

func TestAPathEndsAtItsOwnBracket(t *testing.T) {
	for text, want := range map[string]int{
		"a@b.example>": 11, "a@b.example> SIZE=1>": 11, ">": 0, "": -1, "a@b.example": -1,
		`"a>b"@c.example>`: 15, `"a\">b"@c.example>`: 17, `"a>`: -1, `"a\`: -1, `a\>b>`: 2,
	} {
		if got := PathEnd(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

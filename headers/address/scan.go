package address

// class is what an octet can be part of.
type class byte

const (
	word    class = iota // atext, RFC 5322 section 3.2.3, a dot, or an octet of UTF-8, RFC 6532
	special              // specials without the dot
	blank                // SP and HTAB
	control              // all other control characters
)

// classes knows the class of each octet; all that is not listed is part of a word.
var classes = [256]class{
	'(': special, ')': special, '<': special, '>': special, '[': special, ']': special,
	':': special, ';': special, '@': special, '\\': special, ',': special, '"': special,
	' ': blank, '\t': blank,
	0: control, 1: control, 2: control, 3: control, 4: control, 5: control, 6: control, 7: control,
	8: control, '\n': control, 11: control, 12: control, '\r': control, 14: control, 15: control,
	16: control, 17: control, 18: control, 19: control, 20: control, 21: control, 22: control,
	23: control, 24: control, 25: control, 26: control, 27: control, 28: control, 29: control,
	30: control, 31: control, 127: control,
}

// kind is the kind of a token. Specials that are a token of their own are their
// own kind: , : ; < > @ ) ]
type kind byte

const (
	end     kind = 0   // the text is over
	text    kind = 'a' // a run of atext and dots: neither an atom nor a dot-atom yet
	quoted  kind = '"' // a quoted-string
	literal kind = '[' // a domain-literal
	broken  kind = '!' // what can never be right; its first octet says why
)

type token struct {
	kind  kind
	coded bool // a quoted-string with escapes or control characters in it
	Span
}

// scanner cuts a text into tokens, RFC 5322 section 3.2. Comments and folding
// white space stand between tokens and are skipped.
type scanner struct {
	text  string
	pos   int
	loose bool // something was skipped, or another obsolete form was seen
}

// next reads one token. Behind the last one it gives end for ever.
func (s *scanner) next() token {
	start, closed := skipCFWS(s.text, s.pos)
	s.loose = s.loose || start > s.pos
	t := token{Span: Span{start, start}}
	switch {
	case !closed: // a comment without an end takes the rest of the text
		t.kind, t.End = broken, len(s.text)
	case start < len(s.text):
		s.scan(&t)
	}
	s.pos = t.End
	return t
}

// scan sets the kind and the end of the token that begins at t.Start.
func (s *scanner) scan(t *token) {
	c := s.text[t.Start]
	t.kind, t.End = kind(c), t.Start+1
	switch {
	case classes[c] == word:
		t.kind = text
		for t.End < len(s.text) && classes[s.text[t.End]] == word {
			t.End++
		}
	case classes[c] == control:
		t.kind = broken
	case c == '"':
		t.End, t.coded = quotedEnd(s.text, t.Start)
		if t.End < 0 {
			t.kind, t.End = broken, len(s.text)
		}
	case c == '[':
		if n := literalEnd(s.text, t.Start); n > 0 {
			t.End = n
		} else {
			t.kind = broken
		}
	case c == '\\': // with the octet it escapes, so that a\,b does not become two elements
		t.kind, t.End = broken, min(t.Start+2, len(s.text))
	}
}

// skipCFWS gives the index of the first octet from i on that is neither white
// space nor part of a comment, RFC 5322 section 3.2.2. If a comment is never
// closed it gives the index of its parenthesis, and false.
func skipCFWS(text string, i int) (int, bool) {
	for i < len(text) {
		switch text[i] {
		case ' ', '\t':
			i++
		case '\r', '\n':
			n := foldLen(text[i:])
			if n == 0 {
				return i, true
			}
			i += n
		case '(':
			n := commentEnd(text, i)
			if n < 0 {
				return i, false
			}
			i = n
		default:
			return i, true
		}
	}
	return i, true
}

// foldLen is the length of the line end at the front of s if white space follows
// it, RFC 5322 section 2.2.3; else 0.
func foldLen(s string) int {
	n := 0
	if n < len(s) && s[n] == '\r' {
		n++
	}
	if n+1 < len(s) && s[n] == '\n' && classes[s[n+1]] == blank {
		return n + 1
	}
	return 0
}

// commentEnd gives the index behind the comment whose parenthesis stands at i,
// or -1. Comments nest to any depth.
func commentEnd(text string, i int) int {
	for depth := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// quotedEnd gives the index behind the quoted-string that begins at i, or -1,
// and whether unquote has work to do.
func quotedEnd(text string, i int) (end int, coded bool) {
	for i++; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, coded
		case c == '\\':
			coded = true
			i++
		case classes[c] == control:
			coded = true
		}
	}
	return -1, coded
}

// literalEnd gives the index behind the domain-literal that begins at i, or -1.
// It looks no further than the next opening bracket, which keeps a text of
// opening brackets linear.
func literalEnd(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case ']':
			return i + 1
		case '[', '\\':
			return -1
		}
	}
	return -1
}

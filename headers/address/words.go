package address

import "strings"

// run is a row of words and dots. Only the token behind it tells whether it is a
// local part, a domain or a phrase.
type run struct {
	Span
	count  int  // tokens in it
	quoted bool // one of them is a quoted-string
	coded  bool // ... with escapes or control characters in it
	gaps   bool // something other than one blank stands between two of them
}

// words reads the longest run that begins where p stands; it may be empty.
func (p *parser) words() run {
	r := run{Span: Span{p.tok.Start, p.tok.Start}}
	for p.tok.kind == text || p.tok.kind == quoted {
		if r.count > 0 && p.text[p.last:p.tok.Start] != " " {
			r.gaps = true
		}
		r.count++
		r.quoted = r.quoted || p.tok.kind == quoted
		r.coded = r.coded || p.tok.coded
		r.End = p.tok.End
		p.advance()
	}
	return r
}

// local makes a local part of a run, RFC 5322 section 3.4.1.
func (p *parser) local(r run) (s, reason string) {
	s = p.text[r.Start:r.End]
	switch {
	case r.count > 1:
		p.loose = true
		s, reason = joinDotted(s)
	case r.quoted:
		s = unquote(s)
	case !isDotAtom(s):
		reason = dotReason
	}
	if reason == "" {
		reason = checkLocal(s)
	}
	return s, reason
}

// domain reads a domain, RFC 5322 section 3.4.1.
func (p *parser) domain() (s, reason string) {
	if p.tok.kind == literal {
		written := p.text[p.tok.Start:p.tok.End]
		s = tighten(written)
		p.loose = p.loose || s != written
		p.advance()
		return s, checkLiteral(s)
	}
	r := p.words()
	s = p.text[r.Start:r.End]
	switch {
	case r.count == 0 && (p.atBreak() || p.tok.kind == '>'):
		reason = "no domain behind the @"
	case r.count == 0:
		reason = p.unexpected()
	case r.quoted:
		reason = "a quoted string in the domain"
	case r.count > 1:
		p.loose = true
		s, reason = joinDotted(s)
	}
	if reason == "" {
		reason = checkDomain(s)
	}
	return s, reason
}

// name makes a display name of a run: the words with one blank where white space
// or comments stand between them.
func (p *parser) name(r run) string {
	s := p.text[r.Start:r.End]
	switch {
	case !r.quoted && !r.gaps:
		return s
	case r.count == 1 && !r.coded:
		return s[1 : len(s)-1]
	}
	return joinPhrase(s)
}

const dotReason = "a dot at the beginning or end, or two in a row"

// joinDotted makes one string of words between whose dots white space and
// comments may stand: obs-local-part and obs-domain, RFC 5322 section 4.4.
func joinDotted(s string) (joined, reason string) {
	var b strings.Builder
	dot := true // the word to come may begin here, a dot may not
	sc := scanner{text: s}
	for t := sc.next(); t.kind != end; t = sc.next() {
		w := s[t.Start:t.End]
		if !dot && w[0] != '.' {
			return "", "two words with neither dot nor comma between them"
		}
		if t.kind == quoted {
			dot = false
			b.WriteString(unquote(w))
			continue
		}
		for i := 0; i < len(w); i++ {
			if dot && w[i] == '.' {
				return "", dotReason
			}
			dot = w[i] == '.'
		}
		b.WriteString(w)
	}
	if dot {
		return "", dotReason
	}
	return b.String(), ""
}

// joinPhrase makes a display name of a phrase, RFC 5322 sections 3.2.5 and 4.1.
func joinPhrase(s string) string {
	var b strings.Builder
	sc := scanner{text: s}
	for last, t := 0, sc.next(); t.kind != end; last, t = t.End, sc.next() {
		if t.Start > last {
			b.WriteByte(' ')
		}
		w := s[t.Start:t.End]
		if t.kind == quoted {
			w = blankControls(unquote(w))
		}
		b.WriteString(w)
	}
	return b.String()
}

// unquote takes the quotes, the escapes and the folds out of a quoted-string,
// RFC 5322 section 3.2.4.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '\n') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else {
			i += foldLen(s[i:])
		}
		b = append(b, s[i])
	}
	return string(b)
}

// tighten takes the folding white space out of a domain-literal, RFC 5322
// section 3.4.1.
func tighten(s string) string {
	if strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\t') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		i += foldLen(s[i:])
		if classes[s[i]] != blank {
			b = append(b, s[i])
		}
	}
	return string(b)
}

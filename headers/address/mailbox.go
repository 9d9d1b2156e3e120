package address

import "strconv"

// parser reads elements from left to right and never looks further ahead than
// one token. Its methods give a reason when the text is malformed, "" when it is
// good.
type parser struct {
	scanner
	tok     token  // the token it stands at
	last    int    // where the token before tok ended
	mark    int    // where the separator in front of the element ended
	group   string // display name of the group it is in
	grouped bool   // it is in a group
}

func newParser(text string) *parser {
	p := &parser{scanner: scanner{text: text}}
	p.advance()
	return p
}

func (p *parser) advance() {
	p.last = p.tok.End
	p.tok = p.next()
}

// separator steps over the comma, colon or semicolon at which p stands.
func (p *parser) separator() {
	p.mark = p.tok.End
	p.advance()
}

// atBreak tells whether p stands where an element is over.
func (p *parser) atBreak() bool {
	return p.tok.kind == end || p.tok.kind == ',' || p.tok.kind == ';' && p.grouped
}

// element reads a mailbox whose first words are read already, and goes on to the
// next break, whatever stands before it.
func (p *parser) element(words run) Element {
	begin := *p
	e, reason := p.mailbox(words)
	if reason == "" && !p.atBreak() {
		reason = p.unexpected()
	}
	if reason != "" && begin.looseName() {
		loose := begin
		if angled, why := loose.angled(); why == "" && loose.atBreak() {
			*p, e, reason = loose, angled, ""
			e.NameSpan = Span{words.Start, begin.last}
			e.Name = blankControls(p.text[words.Start:begin.last])
		}
	}
	if reason != "" {
		for !p.atBreak() {
			p.advance()
		}
		err := newError(p.text[p.mark:p.tok.Start], reason)
		return Element{Group: p.group, Text: err.Text, Err: err}
	}
	e.Group = p.group
	e.Text = clean(p.text[p.mark:p.tok.Start])
	return e
}

// mailbox reads name-addr or addr-spec, RFC 5322 section 3.4.
func (p *parser) mailbox(words run) (e Element, reason string) {
	if p.tok.kind != '<' {
		e.Addr, reason = p.addrSpec(words)
		e.Spec = Span{words.Start, p.last}
		return e, reason
	}
	if words.count > 0 {
		e.Name, e.NameSpan = p.name(words), words.Span
	}
	angled, reason := p.angled()
	angled.Name, angled.NameSpan = e.Name, e.NameSpan
	return angled, reason
}

// looseName goes on to the < of an address whose display name has an @ or
// brackets in it and lacks the quotes for them, as in "a@b <a@b>": no grammar
// has it, and half of the world writes it.
func (p *parser) looseName() bool {
	for p.tok.kind == text || p.tok.kind == quoted || p.tok.kind == literal || p.tok.kind == '@' {
		p.advance()
	}
	return p.tok.kind == '<'
}

// angled reads what stands between < and >.
func (p *parser) angled() (e Element, reason string) {
	e.Angled = true
	p.advance()
	if p.tok.kind == '>' {
		return e, "nothing stands between < and >"
	}
	if e.Addr, e.Spec, reason = p.path(); reason != "" {
		return e, reason
	}
	if p.tok.kind != '>' {
		if p.atBreak() {
			return e, "the < is not closed"
		}
		return e, p.unexpected()
	}
	p.advance()
	return e, ""
}

// path reads an addr-spec with or without a source route in front of it.
func (p *parser) path() (a Addr, span Span, reason string) {
	start := p.tok.Start
	routed := p.tok.kind == '@' || p.tok.kind == ','
	if routed {
		if reason := p.route(); reason != "" {
			return Addr{}, Span{}, reason
		}
	}
	a, reason = p.addrSpec(p.words())
	if reason == "" && routed && a.Domain == "" {
		// To make it a name of ours would be wrong: it is a name at the last host.
		reason = "a source route, but no domain behind the local part"
	}
	return a, Span{start, p.last}, reason
}

// route reads obs-route, RFC 5322 section 4.4. Its hosts are judged, then
// forgotten: RFC 5321 section 4.1.1.3 has them ignored.
func (p *parser) route() (reason string) {
	p.loose = p.loose || p.tok.kind == ','
	for p.tok.kind != ':' {
		at := p.tok.kind == '@'
		if !at && p.tok.kind != ',' {
			return "the source route has no colon at its end"
		}
		p.advance()
		if !at {
			p.loose = p.loose || p.tok.kind != '@'
			continue
		}
		if _, reason := p.domain(); reason != "" {
			return reason
		}
	}
	p.advance()
	return ""
}

// addrSpec reads on behind the words of a local part.
func (p *parser) addrSpec(words run) (a Addr, reason string) {
	switch {
	case words.count > 0:
		if a.Local, reason = p.local(words); reason != "" {
			return Addr{}, reason
		}
	case p.tok.kind == '@':
		return Addr{}, "nothing stands in front of the @"
	case p.atBreak():
		return Addr{}, "no address"
	default:
		return Addr{}, p.unexpected()
	}
	if p.tok.kind == '@' {
		p.advance()
		a.Domain, reason = p.domain()
	} else if a.Local == "" {
		reason = "the local part is empty"
	}
	return a, reason
}

// unexpected says what is wrong with the token at which p stands, which is not
// the end.
func (p *parser) unexpected() string {
	c := p.text[p.tok.Start]
	switch {
	case classes[c] == control:
		return controlReason
	case c == '(':
		return "the comment is not closed"
	case c == '"' && p.tok.kind == broken:
		return "the quoted string is not closed"
	case c == '[' && p.tok.kind == broken:
		return "the address literal is not closed"
	case c == '@':
		return "more than one @"
	case c == ';':
		return "a semicolon outside a group; commas separate addresses"
	case c == '<':
		return "unexpected <; a display name with special characters needs quotes"
	case c == '>', c == ']', c == ')':
		return "a " + string(rune(c)) + " that closes nothing"
	case c == '"', classes[c] == word:
		return "text behind the address"
	}
	return "unexpected " + strconv.QuoteRune(rune(c))
}

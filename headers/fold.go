package headers

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// Fold is h with each line of at most 998 octets, RFC 5322 section 2.1.1. Only a
// field with a longer line is touched: it is folded at white space as few times
// as that needs. Where there is no white space, text goes into encoded words,
// which fold without a change of meaning; a structured field is folded behind a
// comma, semicolon or angle bracket, or inside a comment, where white space
// means nothing. Only what is left then gets a fold that adds a blank to it.
func Fold(h Header) Header {
	return h.each(func(f Field) Field {
		if f.longestLine() <= maxLine {
			return f
		}
		if f.syntax() == unstructured {
			f = f.withoutLongWords()
		}
		return f.folded()
	})
}

// withoutLongWords is f with each word encoded that fits on no line.
func (f Field) withoutLongWords() Field {
	e := encoder{column: f.colon + 1, wanted: func(word string) bool { return len(word) >= maxLine }}
	e.unstructured(f.Text())
	return f.WithText(string(e.finish()))
}

// folded is f with folds where a line would pass maxLine.
func (f Field) folded() Field {
	raw, colon := f.raw, len(f.name())
	if colon < f.colon { // white space in front of the colon cannot be folded
		raw = slices.Concat(raw[:colon], raw[f.colon:])
	}
	raw = squeeze(raw)
	w := folder{out: make([]byte, 0, len(raw)+len(raw)/100), structured: f.syntax() != unstructured}
	w.out = append(w.out, raw[:colon+1]...)
	w.resetBreaks()
	w.breaks[optional] = colon + 1
	for _, c := range raw[colon+1:] {
		w.put(c)
	}
	return Field{raw: w.out, colon: colon}
}

// squeeze takes the white space at the end of overlong lines away, and leaves one
// octet of what is longer than a line should be, so that no fold leaves a line of
// white space alone.
func squeeze(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n') + 1
		line := raw[:end-2]
		raw = raw[end:]
		if len(line) <= maxLine {
			out = append(append(out, line...), "\r\n"...)
			continue
		}
		text := bytes.TrimRight(line, " \t")
		for len(text) > 0 {
			word := bytes.IndexAny(text, " \t")
			if word < 0 {
				word = len(text)
			}
			out = append(out, text[:word]...)
			text = text[word:]
			gap := len(text) - len(bytes.TrimLeft(text, " \t"))
			out = append(out, text[:keptGap(gap)]...)
			text = text[gap:]
		}
		out = append(out, "\r\n"...)
	}
	return out
}

func keptGap(gap int) int {
	if gap > lineWidth {
		return 1
	}
	return gap
}

// The places where a line may be broken, the best last.
const (
	forced     = iota // inside a word: adds a blank to it
	optional          // where white space may be put and means nothing
	whiteSpace        // in front of white space
	kindsOfBreak
)

// folder copies a field body octet by octet and keeps in mind where the line at
// hand could be broken.
type folder struct {
	out        []byte
	line       int               // where the line begins in out
	breaks     [kindsOfBreak]int // the last place of each kind in the line, or -1
	text       bool              // there is more than white space in the line
	structured bool

	// Where in a structured field the next octet stands.
	depth   int  // of comments
	quoted  bool // in a quoted string
	angled  bool // in angle brackets
	literal bool // in a domain literal
	escaped bool // behind the backslash of a quoted pair
}

func (w *folder) resetBreaks() { w.breaks = [...]int{-1, -1, -1} }

func (w *folder) put(c byte) {
	w.mark(c)
	w.out = append(w.out, c)
	if c == '\n' {
		w.line = len(w.out)
		w.text = false
		w.resetBreaks()
	}
	for c != '\r' && c != '\n' && len(w.out)-w.line > maxLine {
		w.breakLine()
	}
	if w.structured {
		w.follow(c)
	}
}

// mark notes what kind of place it is in front of c.
func (w *folder) mark(c byte) {
	at := len(w.out)
	last := w.out[at-1]
	if c == '\r' || c == '\n' || w.escaped {
		return
	}
	if isBlank(c) {
		if !isBlank(last) && w.text {
			w.breaks[whiteSpace] = at
		}
		return
	}
	w.text = true
	if isBlank(last) || at-w.line < 2 || !utf8.RuneStart(c) {
		return
	}
	w.breaks[forced] = at
	if w.structured && w.isOptional(last) {
		w.breaks[optional] = at
	}
}

// isOptional tells whether white space may be put behind the octet last: inside a
// comment anywhere (RFC 5322 section 3.2.2), else between the members of a list.
func (w *folder) isOptional(last byte) bool {
	if w.depth > 0 {
		return true
	}
	return !w.quoted && !w.angled && !w.literal && (last == ',' || last == ';' || last == '>')
}

// breakLine breaks the line at the best place. There is one: a line that is too
// long has at least the place in front of one of its last characters.
func (w *folder) breakLine() {
	at := len(w.out) - 1
	for kind := forced; kind < kindsOfBreak; kind++ {
		if w.breaks[kind] >= 0 {
			at = w.breaks[kind]
		}
	}
	fold := "\r\n"
	if !isBlank(w.out[at]) {
		fold = "\r\n "
	}
	rest := len(w.out) - at
	w.out = append(w.out, fold...)
	copy(w.out[at+len(fold):], w.out[at:at+rest])
	copy(w.out[at:], fold)
	w.line = at + len("\r\n")
	w.text = len(bytes.TrimLeft(w.out[w.line:], " \t")) > 0
	for kind, place := range w.breaks {
		if place <= at {
			w.breaks[kind] = -1
		} else {
			w.breaks[kind] = place + len(fold)
		}
	}
}

// follow keeps track of the structure behind c.
func (w *folder) follow(c byte) {
	switch {
	case w.escaped:
		w.escaped = false
	case c == '\\' && (w.quoted || w.depth > 0):
		w.escaped = true
	case c == '"' && w.depth == 0:
		w.quoted = !w.quoted
	case w.quoted:
	case c == '(':
		w.depth++
	case c == ')' && w.depth > 0:
		w.depth--
	case w.depth > 0:
	case c == '<' || c == '>':
		w.angled = c == '<'
	case c == '[' || c == ']':
		w.literal = c == '['
	}
}

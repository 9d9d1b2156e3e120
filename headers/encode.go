package headers

import (
	"cmp"
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Limits of RFC 2047 section 2: octets of an encoded word, and of a line that
// holds one.
const (
	maxEncodedWord = 75
	maxEncodedLine = 76
)

// encoder writes a field body and puts encoded words (RFC 2047) in the place of
// the words that want it. It is fed the body from left to right as words, the
// white space between them, and octets that stay. Neighbouring words go into
// encoded words together with the white space between, as a reader drops what
// stands between two encoded words. White space and words that stay keep their
// octets; a line is folded only where it holds an encoded word.
type encoder struct {
	wanted func(word string) bool
	column int // of the line that is being written

	out     []byte
	gap     string  // white space read and not yet written
	run     []byte  // text that waits to be encoded
	charset charset // of run
	lead    string  // white space in front of run
	tight   bool    // an encoded word made here was written last
	encoded bool    // an encoded word, found or made, was written last
	folding bool    // the line holds an encoded word
}

type charset string

const (
	utf8Text charset = "utf-8"
	anyOctet charset = "unknown-8bit" // RFC 1428
)

func charsetOf(text string) charset {
	if utf8.ValidString(text) {
		return utf8Text
	}
	return anyOctet
}

// finish ends the body.
func (e *encoder) finish() []byte {
	e.flush()
	e.write(e.gap)
	e.gap = ""
	return e.out
}

// space takes white space in.
func (e *encoder) space(gap string) { e.gap += gap }

// word takes a word in that says what it looks like.
func (e *encoder) word(word string) { e.wordThatSays(word, word) }

// wordThatSays takes a word in; says is its text without quotes and escapes.
func (e *encoder) wordThatSays(word, says string) {
	if !e.wanted(word) {
		e.plain(word)
		return
	}
	set := charsetOf(says)
	switch {
	case len(e.run) > 0 && e.charset == set:
		e.run = append(e.run, unfold(e.gap)...)
	case len(e.run) > 0:
		e.flush()
		fallthrough
	case e.encoded: // the reader drops the white space: say it again inside
		e.run, e.lead = append(e.run, unfold(e.gap)...), e.gap
	default:
		e.lead = e.gap
	}
	e.gap = ""
	e.run, e.charset = append(e.run, says...), set
}

// plain takes a word in that stays.
func (e *encoder) plain(word string) {
	encoded := isEncodedWord(word)
	if encoded && len(e.run) > 0 {
		e.run = append(e.run, unfold(e.gap)...)
	}
	e.flush()
	e.writeGap(word)
	e.write(word)
	e.encoded = encoded
}

// verbatim takes octets in that are no word, such as a special.
func (e *encoder) verbatim(octets string) {
	if octets == "" {
		return
	}
	e.flush()
	e.writeGap(octets)
	e.write(octets)
	e.encoded = false
}

// flush writes the run in the Q encoding, which people can read, unless the B
// encoding is far shorter.
func (e *encoder) flush() {
	if len(e.run) == 0 {
		return
	}
	text := string(e.run)
	e.run = e.run[:0]
	form, encode, fit := "?q?", appendQ, qFit
	if 3*qLen(text) > 7*len(text) { // more than two octets of three would be =XX
		form, encode, fit = "?b?", base64.StdEncoding.AppendEncode, bFit
	}
	overhead := len("=?") + len(e.charset) + len(form) + len("?=")
	e.writeLead(overhead + len("=F0=9F=98=80"))
	for {
		n := fit(text, e.charset, min(maxEncodedLine-e.column, maxEncodedWord)-overhead)
		n = max(n, runeWidth(text, e.charset))
		start := len(e.out)
		e.out = append(append(append(e.out, "=?"...), e.charset...), form...)
		e.out = append(encode(e.out, []byte(text[:n])), "?="...)
		e.column += len(e.out) - start
		if text = text[n:]; text == "" {
			break
		}
		e.write("\r\n ")
	}
	e.encoded, e.tight, e.folding = true, true, true
}

// writeLead writes the white space in front of the run, folded if no encoded
// word of size octets fits behind it. An encoded word wants some, but for the
// beginning of the body or a comment (RFC 2047 section 5).
func (e *encoder) writeLead(size int) {
	if e.lead == "" && len(e.out) > 0 && !strings.ContainsRune(" \t(", rune(e.out[len(e.out)-1])) {
		e.lead = " "
	}
	if !strings.Contains(e.lead, "\n") && e.column+len(e.lead)+size > maxEncodedLine {
		e.write("\r\n")
		e.lead = cmp.Or(e.lead, " ")
	}
	e.write(e.lead)
}

// writeGap writes the white space in front of octets that stay, folded if they
// would pass the end of a line with an encoded word in it.
func (e *encoder) writeGap(octets string) {
	if e.gap == "" && e.tight && octets[0] != ')' {
		e.gap = " "
	}
	if e.folding && e.gap != "" && !strings.Contains(e.gap, "\n") && e.column+len(e.gap)+len(octets) > maxEncodedLine {
		e.write("\r\n")
	}
	e.write(e.gap)
	e.gap, e.tight = "", false
}

func (e *encoder) write(octets string) {
	e.out = append(e.out, octets...)
	if i := strings.LastIndexByte(octets, '\n'); i >= 0 {
		e.column, e.folding = len(octets)-i-1, false
		return
	}
	e.column += len(octets)
}

// isEncodedWord tells whether a reader takes word for an encoded word.
func isEncodedWord(word string) bool {
	return len(word) > 6 && strings.HasPrefix(word, "=?") && strings.HasSuffix(word, "?=") &&
		strings.Count(word, "?") == 4
}

// isQ tells whether c stands for itself in the Q encoding wherever an encoded
// word may stand, RFC 2047 section 5 (3).
func isQ(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '!' || c == '*' || c == '+' || c == '-' || c == '/'
}

func qSize(c byte) int {
	if isQ(c) || c == ' ' {
		return 1
	}
	return len("=XX")
}

func qLen(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		n += qSize(text[i])
	}
	return n
}

const hex = "0123456789ABCDEF"

func appendQ(b, text []byte) []byte {
	for _, c := range text {
		switch {
		case c == ' ':
			b = append(b, '_')
		case isQ(c):
			b = append(b, c)
		default:
			b = append(b, '=', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// wholeFit is how many octets of text, in whole characters, take at most room
// octets when they are encoded, size being what an encoding makes of a character.
func wholeFit(text string, set charset, room int, size func(string) int) int {
	n := 0
	for n < len(text) {
		width := runeWidth(text[n:], set)
		room -= size(text[n : n+width])
		if room < 0 {
			break
		}
		n += width
	}
	return n
}

// qFit is wholeFit for the Q encoding.
func qFit(text string, set charset, room int) int { return wholeFit(text, set, room, qLen) }

// bFit is qFit for the B encoding.
func bFit(text string, set charset, room int) int {
	if room < 4 {
		return 0
	}
	n := min(len(text), room/4*3)
	for set == utf8Text && n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

func runeWidth(text string, set charset) int {
	if set == anyOctet {
		return 1
	}
	_, width := utf8.DecodeRuneInString(text)
	return width
}

package sandbox

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// style tells whether to write in colour.
type style bool

func (s style) bold(text string) string { return s.wrap("1", text) }
func (s style) dim(text string) string  { return s.wrap("2", text) }

func (s style) wrap(code, text string) string {
	if !s {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// printer writes for people. What comes from a message stands behind a bar and
// has its control characters escaped, so that no message can pass itself off as
// the sandbox's own words or do anything to a terminal.
type printer struct {
	w *bufio.Writer
	style
}

// show writes what arrived, for people, and at the end the redirects that led to
// no message.
func show(w io.Writer, s style, letters []letter, unfollowed []Redirect) error {
	p := printer{bufio.NewWriter(w), s}
	if len(letters) == 0 {
		fmt.Fprintln(p.w, p.bold("no message arrived"))
	}
	for i, l := range letters {
		c, err := readFile(l.Path)
		if err != nil {
			return err
		}
		if i > 0 {
			fmt.Fprintln(p.w)
		}
		fmt.Fprintln(p.w, p.bold(fmt.Sprintf("message %d of %d", i+1, len(letters))))
		p.envelope(l)
		p.content(c)
	}
	for _, r := range unfollowed {
		fmt.Fprintln(p.w, "a redirect led to no message:", hopText(r))
	}
	return p.w.Flush()
}

// envelope is the block about how a message came.
func (p printer) envelope(l letter) {
	p.line("from", "<"+l.From.String()+">")
	for _, to := range l.To {
		p.line("to", "<"+to.String()+">")
	}
	for _, r := range l.Redirected {
		p.line("redirect", hopText(r))
	}
	over := "without TLS"
	if l.TLS != "" {
		over = "over " + l.TLS
	}
	p.line("login", l.Auth+", "+over)
	p.line("client", l.Hello)
	p.line("size", fmt.Sprintf("%d octets", l.Size))
	if l.kept {
		p.line("file", l.Path)
	}
}

// content is the message itself.
func (p printer) content(c contents) {
	p.quoted("")
	for _, f := range c.header {
		p.quoted(f.Name + ": " + f.Value)
	}
	p.quoted("")
	if c.text != "" {
		for text := range strings.Lines(c.text) {
			p.quoted(strings.TrimSuffix(text, "\n"))
		}
	}
	if c.cut {
		p.line("cut", fmt.Sprintf("the text goes on after %d octets", maxText))
	}
	if c.charset != "" {
		p.line("charset", fmt.Sprintf("the text is in %q and was not converted", c.charset))
	}
	if c.kind == "text/html" {
		p.line("html", "there is no plain text part")
	}
	for _, a := range c.attachments {
		p.line("part", fmt.Sprintf("%s %q, %d octets", a.Type, a.Name, a.Size))
	}
}

// line is one fact.
func (p printer) line(label, text string) {
	fmt.Fprintf(p.w, "  %s %s\n", p.dim(fmt.Sprintf("%-8s", label)), visible(text))
}

// quoted is one line of the message.
func (p printer) quoted(text string) {
	fmt.Fprintln(p.w, strings.TrimRight("  "+p.dim("|")+" "+visible(text), " "))
}

// hopText is a redirect in words.
func hopText(r Redirect) string {
	return fmt.Sprintf("%d from <%s> to <%s>", r.Code, r.Old, r.New)
}

// visible is s with every octet and character written out that a terminal would
// obey or that is no text: control characters, invalid UTF-8, and the marks that
// turn the direction of writing.
func visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t':
			b.WriteRune(r)
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

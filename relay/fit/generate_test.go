package fit_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"

	"mailchute/relay/message"
)

// node is a generated entity and what a reader must find in it.
type node struct {
	kind     string  // media type
	encoding string  // as labelled; "" is none
	charset  string  // of text
	content  []byte  // of a leaf: decoded
	boundary string  // of a multipart
	parts    []*node // of a multipart; the one message of a message/rfc822
	sealed   bool    // signed or encrypted, or inside of it
	long     int     // the width of encoded lines
	bare     bool    // no Content-Type field
	filler   string  // preamble and epilogue
}

// dice makes choices from octets, so that a fuzzer can guide them.
type dice struct {
	octets []byte
	rest   *rand.Rand
	names  int
}

func newDice(octets []byte) *dice {
	var sum uint64
	for _, c := range octets {
		sum = sum*31 + uint64(c)
	}
	return &dice{octets: octets, rest: rand.New(rand.NewPCG(sum, 1))}
}

func (d *dice) roll(n int) int {
	if len(d.octets) > 0 {
		c := int(d.octets[0])
		d.octets = d.octets[1:]
		return c % n
	}
	return d.rest.IntN(n)
}

func pick[T any](d *dice, from ...T) T { return from[d.roll(len(from))] }

func (d *dice) node(depth int) *node {
	if depth < 4 && d.roll(5-depth) > 0 {
		if d.roll(6) == 0 {
			return &node{kind: "message/rfc822", encoding: pick(d, "", "8bit", "binary"), parts: []*node{d.node(depth + 1)}}
		}
		return d.multipart(depth)
	}
	if d.roll(3) == 0 {
		return d.octetLeaf()
	}
	return d.textLeaf()
}

func (d *dice) multipart(depth int) *node {
	d.names++
	n := &node{
		kind:     pick(d, "multipart/mixed", "multipart/alternative", "multipart/signed", "multipart/encrypted", "multipart/related"),
		encoding: pick(d, "", "", "7bit", "8bit", "binary"),
		boundary: fmt.Sprintf("b%d%s", d.names, pick(d, "", "=_x", " y:z", strings.Repeat("q", 60))),
		filler:   pick(d, "", "", "This is a message in parts.\n", "Präambel\n", strings.Repeat("f", 1100)+"\n", "a\x00b\r\n"),
	}
	n.sealed = n.kind == "multipart/signed" || n.kind == "multipart/encrypted"
	for range 1 + d.roll(3) {
		part := d.node(depth + 1)
		n.parts = append(n.parts, part)
	}
	return n
}

func (d *dice) textLeaf() *node {
	n := &node{kind: pick(d, "text/plain", "text/html", "text/csv"), charset: pick(d, "us-ascii", "utf-8", "iso-8859-15", "koi8-r"),
		encoding: pick(d, "", "7bit", "8bit", "binary", "quoted-printable", "base64"), long: pick(d, 76, 76, 1200)}
	n.bare = n.encoding == "" && d.roll(3) == 0
	var b bytes.Buffer
	for range d.roll(6) {
		b.WriteString(pick(d, "", "plain words", "trailing blanks  \t", ".", "..dots", "--b", "--", "Größe 1=2", "\xe4\xf6\xfc", "日本語 🚀", "=C3=BC =", "From here",
			"NUL \x00 inside", "\x1b[1mbold\x1b[0m", strings.Repeat("x", 999), strings.Repeat("ü ", 700), strings.Repeat(" ", 80), "10%\r20%"))
		b.WriteString(pick(d, "\n", "\n", "\r\n", "\n\n", "\r\r\n"))
	}
	b.WriteString(pick(d, "", "", "the end", "blank at the end "))
	n.content = b.Bytes()
	if n.encoding == "quoted-printable" { // it has no other line ends
		n.content = []byte(lines(b.String()))
	}
	return n
}

func (d *dice) octetLeaf() *node {
	n := &node{kind: pick(d, "application/octet-stream", "image/png", "application/pkcs7-mime"),
		encoding: pick(d, "binary", "base64", "base64", "8bit"), long: pick(d, 76, 1000, 3000)}
	n.sealed = n.kind == "application/pkcs7-mime"
	n.content = make([]byte, d.roll(2000))
	for i := range n.content {
		n.content[i] = byte(d.rest.IntN(256))
	}
	if n.encoding == "8bit" { // lines
		n.content = bytes.Map(func(r rune) rune { return 'a' + r%20 }, n.content[:len(n.content)/3])
	}
	return n
}

// label makes the labels of what holds a binary part binary, too: RFC 2045
// section 6.4. It tells whether n is such.
func (n *node) label() bool {
	is := n.encoding == "binary"
	for _, p := range n.parts {
		is = p.label() || is
	}
	if is {
		n.encoding = "binary"
	}
	return is
}

// seal marks all that stands in a sealed entity.
func (n *node) seal(sealed bool) bool {
	n.sealed = n.sealed || sealed
	any := n.sealed
	for _, p := range n.parts {
		any = p.seal(n.sealed) || any
	}
	return any
}

// header is the MIME fields of n, with LF.
func (n *node) header() string {
	var b strings.Builder
	if !n.bare {
		b.WriteString("Content-Type: " + n.kind)
		if n.charset != "" {
			b.WriteString("; charset=" + n.charset)
		}
		if n.boundary != "" {
			fmt.Fprintf(&b, ";\n\tboundary=%q", n.boundary)
		}
		b.WriteByte('\n')
	}
	if n.encoding != "" {
		fmt.Fprintf(&b, "Content-Transfer-Encoding: %s\n", n.encoding)
	}
	return b.String()
}

// body is the body of n as it is piped in.
func (n *node) body() string {
	switch {
	case n.kind == "message/rfc822":
		return "Subject: inside\n" + n.parts[0].header() + "\n" + n.parts[0].body()
	case n.boundary != "":
		var b strings.Builder
		b.WriteString(n.filler)
		for _, p := range n.parts {
			fmt.Fprintf(&b, "--%s\n%s\n%s\r\n", n.boundary, p.header(), p.body()) // a body may end in CR: no LF alone
		}
		fmt.Fprintf(&b, "--%s--\n%s", n.boundary, n.filler)
		return b.String()
	case n.encoding == "base64":
		return wrap(base64.StdEncoding.EncodeToString(n.content), n.long)
	case n.encoding == "quoted-printable":
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		w.Write(n.content)
		w.Close()
		if n.long > 76 {
			return strings.ReplaceAll(b.String(), "=\r\n", "")
		}
		return b.String()
	}
	return string(n.content)
}

func wrap(s string, width int) string {
	var lines []string
	for len(s) > width {
		lines = append(lines, s[:width])
		s = s[width:]
	}
	return strings.Join(append(lines, s), "\n")
}

// generate makes a message, and tells what is in it and whether a signature in
// it may stand against a conversion.
func generate(octets []byte) (m *message.Message, n *node, sealed bool) {
	d := newDice(octets)
	n = d.node(0)
	n.label()
	header := "Subject: s\nMIME-Version: 1.0\n" + n.header()
	sealed = n.seal(false)
	if d.roll(10) == 0 {
		header = "DKIM-Signature: v=1; d=example.org\n" + header
		sealed = true
	}
	return &message.Message{Header: []byte(strings.ReplaceAll(header, "\n", "\r\n")), Body: inMemory(n.body())}, n, sealed
}

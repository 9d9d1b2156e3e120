package fit_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"

	"mailchute/relay/fit"
	"mailchute/relay/message"
)

func servers() []fit.Server { return []fit.Server{seven, eight, binaryMIME} }

// leaf is a part as an independent reader sees it.
type leaf struct {
	kind    string
	content string
}

// leaves are the parts of an entity, decoded by go-message.
func leaves(t testing.TB, r io.Reader) []leaf {
	t.Helper()
	e, err := gomessage.Read(r)
	if err != nil && !gomessage.IsUnknownCharset(err) {
		t.Fatal("go-message:", err)
	}
	kind, _, err := e.Header.ContentType()
	if err != nil {
		t.Fatal("go-message:", err)
	}
	parts := e.MultipartReader()
	switch {
	case parts != nil:
		var found []leaf
		for {
			p, err := parts.NextPart()
			if err == io.EOF {
				return found
			}
			if err != nil && !gomessage.IsUnknownCharset(err) {
				t.Fatal("go-message:", err)
			}
			found = append(found, leaves(t, rebuilt(t, p))...)
		}
	case kind == "message/rfc822":
		return leaves(t, e.Body)
	}
	content, err := io.ReadAll(e.Body)
	if err != nil {
		t.Fatalf("go-message: %s: %v", kind, err)
	}
	return []leaf{{kind, string(content)}}
}

// rebuilt is a part that go-message has decoded as a message without an
// encoding, so that the same function can go on.
func rebuilt(t testing.TB, e *gomessage.Entity) io.Reader {
	t.Helper()
	var b bytes.Buffer
	if kind, _, _ := e.Header.ContentType(); !strings.HasPrefix(kind, "multipart/") {
		e.Header.Del("Content-Transfer-Encoding")
	}
	for f := e.Header.Fields(); f.Next(); {
		raw, err := f.Raw()
		if err != nil {
			t.Fatal("go-message:", err)
		}
		b.Write(raw)
	}
	b.WriteString("\r\n")
	if _, err := io.Copy(&b, e.Body); err != nil {
		t.Fatal("go-message:", err)
	}
	return &b
}

// lines is text with LF for any line end, without any at its end.
func lines(s string) string {
	for strings.Contains(s, "\r\r\n") {
		s = strings.ReplaceAll(s, "\r\r\n", "\r\n")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.TrimRight(strings.ReplaceAll(s, "\r", "\n"), "\n")
}

// exact tells whether the octets of a leaf must arrive, not only its lines.
func (n *node) exact() bool {
	return n.encoding == "base64" || n.encoding == "binary" && !strings.HasPrefix(n.kind, "text/")
}

// flat is the leaves that were generated.
func (n *node) flat() []*node {
	if len(n.parts) == 0 {
		return []*node{n}
	}
	var all []*node
	for _, p := range n.parts {
		all = append(all, p.flat()...)
	}
	return all
}

// canonical is what of a signed part must be on the wire, byte for byte.
func canonical(s string) string { return strings.ReplaceAll(lines(s+"."), "\n", "\r\n") }

func (n *node) signed() []string {
	var all []string
	if n.kind == "multipart/signed" && n.boundary != "" {
		p := n.parts[0]
		whole := canonical(p.header() + "\n" + p.body())
		return []string{strings.TrimSuffix(whole, ".")}
	}
	for _, p := range n.parts {
		all = append(all, p.signed()...)
	}
	return all
}

// arrives fits a generated message to a server and compares.
func arrives(t testing.TB, octets []byte, s fit.Server) {
	m, n, sealed := generate(octets)
	c, err := fit.Fit(m, s, false)
	if err != nil {
		var refused *fit.Error
		if !errors.As(err, &refused) || !sealed {
			t.Fatalf("%+v: %v\n%q", s, err, m.Body.Bytes())
		}
		return
	}
	have := wire(t, c)
	obeys(t, have, c, s)
	if sealed && c.BodyType() != "BINARYMIME" {
		for _, part := range n.signed() {
			if !strings.Contains(have, part) {
				t.Errorf("a signed part has changed: %q", part)
			}
		}
	}
	compare(t, n, leaves(t, strings.NewReader(have)))
	if t.Failed() {
		t.Fatalf("%+v\nwire %.2000q\nfrom %.2000q", s, have, m.Body.Bytes())
	}
}

// compare looks whether the leaves that were found are those of n.
func compare(t testing.TB, n *node, found []leaf) {
	t.Helper()
	want := n.flat()
	if len(found) != len(want) {
		t.Errorf("%d leaves, want %d", len(found), len(want))
		return
	}
	for i, p := range want {
		h, w := found[i].content, string(p.content)
		if p == n || !p.exact() { // only lines are promised
			h, w = lines(h), lines(w)
		}
		if h != w || found[i].kind != p.kind && !p.bare {
			t.Errorf("leaf %d, %s, %s:\nhave %s %.300q\nwant %.300q", i, p.kind, p.encoding, found[i].kind, h, w)
		}
	}
}

func TestGeneratedMessagesArriveIntact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		octets := binary.LittleEndian.AppendUint64(nil, random.Uint64())
		for _, s := range servers() {
			arrives(t, octets, s)
		}
	}
}

func FuzzArrives(f *testing.F) {
	f.Add([]byte("abc"))
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, octets []byte) {
		for _, s := range servers() {
			arrives(t, octets, s)
		}
	})
}

// Whatever is piped in, the rules of the wire hold, and a body in a file goes
// out like one in memory.
func FuzzWire(f *testing.F) {
	for _, c := range goodCases {
		head, body, _ := strings.Cut(c.in, "\n\n")
		f.Add(head, body)
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		h, err := readHeader(header)
		if err != nil {
			return
		}
		m := &message.Message{Header: h, Body: inMemory(body)}
		for _, s := range servers() {
			c, err := fit.Fit(m, s, false)
			if err != nil {
				var refused *fit.Error
				if !errors.As(err, &refused) {
					t.Fatal(err)
				}
				continue
			}
			obeys(t, wire(t, c), c, s)
		}
	})
}

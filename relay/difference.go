package relay

import (
	"bufio"
	"bytes"
	"io"

	"mailchute/headers"
	"mailchute/relay/message"
)

// FieldChange is a field of a message that one kind of server gets otherwise.
type FieldChange struct {
	Before, After headers.Field // without octets where the field is not there
}

// fieldChanges is what leads from one header block to another: fields keep their
// order, are changed in their place, taken out, or added at the end.
func fieldChanges(before, after []byte) []FieldChange {
	if bytes.Equal(before, after) {
		return nil
	}
	old, new := fieldsOf(before), fieldsOf(after)
	later := map[string]int{}
	for _, f := range old {
		later[string(f.Raw())]++
	}
	var changes []FieldChange
	for len(old) > 0 {
		f := old[0]
		later[string(f.Raw())]--
		switch {
		case len(new) > 0 && bytes.Equal(f.Raw(), new[0].Raw()):
			new = new[1:]
		case len(new) > 0 && f.Is(new[0].Name()) && later[string(new[0].Raw())] == 0:
			changes = append(changes, FieldChange{Before: f, After: new[0]})
			new = new[1:]
		default:
			changes = append(changes, FieldChange{Before: f})
		}
		old = old[1:]
	}
	for _, f := range new {
		changes = append(changes, FieldChange{After: f})
	}
	return changes
}

func fieldsOf(header []byte) []headers.Field {
	h, err := headers.Read(bufio.NewReader(bytes.NewReader(header)))
	if err != nil {
		return nil // it was read before
	}
	return h.Fields()
}

// isAsPipedIn tells whether c writes the octets of a body behind its header, with
// CR LF where a line ended in LF alone or, in the end, in nothing.
func isAsPipedIn(c io.WriterTo, header int, b *message.Body) bool {
	m := &matcher{skip: header, want: bufio.NewReader(b.Reader())}
	if _, err := c.WriteTo(m); err != nil {
		return false
	}
	_, more := m.next()
	return !more
}

// matcher fails when what is written to it is not what it wants.
type matcher struct {
	skip int // octets that are not looked at
	want *bufio.Reader
	last byte // octet that next has given, LF at the beginning
	used bool
}

func (m *matcher) Write(p []byte) (int, error) {
	n := min(m.skip, len(p))
	m.skip -= n
	for i, c := range p[n:] {
		if want, ok := m.next(); !ok || want != c {
			return n + i, io.ErrShortWrite
		}
	}
	return len(p), nil
}

// next is the next octet of the body with the line ends of the wire.
func (m *matcher) next() (byte, bool) {
	c, err := m.want.ReadByte()
	switch {
	case err != nil && (!m.used || m.last == '\n'):
		return 0, false
	case err != nil && m.last != '\r':
		c = '\r'
	case err != nil:
		c = '\n'
	case c == '\n' && m.last != '\r':
		m.want.UnreadByte() // the one that was read just now
		c = '\r'
	}
	m.last, m.used = c, true
	return c, true
}

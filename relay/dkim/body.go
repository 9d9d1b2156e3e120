package dkim

import (
	"bytes"
	"hash"
)

// parts is a writer for a whole message. It keeps the header, and gives the body
// on.
type parts struct {
	header []byte // up to the empty line
	inBody bool
	body   body
}

func (p *parts) Write(b []byte) (int, error) {
	n := len(b)
	if !p.inBody {
		from := max(len(p.header)-3, 0)
		p.header = append(p.header, b...)
		end := bytes.Index(p.header[from:], []byte("\r\n\r\n"))
		if end < 0 {
			return n, nil
		}
		end += from
		b, p.header, p.inBody = p.header[end+4:], p.header[:end+2], true
	}
	p.body.write(b)
	return n, nil
}

// body hashes a body in its relaxed canonical form, RFC 6376 section 3.4.4:
// one blank for each run of blanks, none at the end of a line, no empty lines at
// the end.
type body struct {
	hash  hash.Hash
	out   []byte
	blank bool // blanks were read that nothing has followed yet
	cr    bool // a CR was read that nothing has followed yet
	lines int  // CRLFs that nothing has followed yet
	begun bool // there is an octet besides blanks and line ends
}

// bodyBlock is how much of the canonical form is hashed at once, in octets.
const bodyBlock = 16 << 10

func (h *body) write(p []byte) {
	for _, c := range p {
		switch {
		case c == '\n' && h.cr:
			h.cr, h.blank = false, false
			h.lines++
			continue
		case h.cr: // a CR that ends no line is an octet like others
			h.cr = false
			h.put('\r')
		}
		switch c {
		case '\r':
			h.cr = true
		case ' ', '\t':
			h.blank = true
		default:
			h.put(c)
		}
	}
}

// put adds an octet behind the line ends and the blank that were waiting for one.
func (h *body) put(c byte) {
	h.begun = true
	for ; h.lines > 0; h.lines-- {
		h.add('\r')
		h.add('\n')
	}
	if h.blank {
		h.blank = false
		h.add(' ')
	}
	h.add(c)
}

func (h *body) add(c byte) {
	if h.out = append(h.out, c); len(h.out) == bodyBlock {
		h.hash.Write(h.out)
		h.out = h.out[:0]
	}
}

// sum ends the body: with one CRLF, unless it is empty.
func (h *body) sum() []byte {
	if h.cr {
		h.cr = false
		h.put('\r')
	}
	if h.begun {
		h.out = append(h.out, "\r\n"...)
	}
	h.hash.Write(h.out)
	return h.hash.Sum(nil)
}

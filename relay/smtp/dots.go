package smtp

import (
	"bytes"
	"io"
)

// dots makes content fit for DATA: a line that begins with a dot gets another
// one (RFC 5321 section 4.5.2). It knows across writes whether a line begins.
// Lines must end in CRLF already; a dot behind a bare LF, which is a line end to
// some servers and none to others, gets its second dot all the same.
type dots struct {
	w    io.Writer
	tail [2]byte // the last two octets
}

// atEnd is how content ends, and how things are before its first octet.
var atEnd = [2]byte{'\r', '\n'}

func newDots(w io.Writer) *dots { return &dots{w: w, tail: atEnd} }

// searchSize bounds a search, so that what was looked at is still in the
// processor's cache when it is copied.
const searchSize = 128 << 10

func (d *dots) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if p[0] == '.' && d.tail[1] == '\n' {
			if _, err := d.w.Write(p[:1]); err != nil {
				return 0, err
			}
		}
		part := p[:min(len(p), searchSize)]
		if i := bytes.Index(part, []byte("\n.")); i >= 0 {
			part = part[:i+1]
		}
		if _, err := d.w.Write(part); err != nil {
			return 0, err
		}
		if len(part) > 1 {
			d.tail[0] = part[len(part)-2]
		} else {
			d.tail[0] = d.tail[1]
		}
		d.tail[1] = part[len(part)-1]
		p = p[len(part):]
	}
	return n, nil
}

// end is the end of the content: a line with a dot, and no empty line in front
// of it (RFC 5321 section 4.1.1.4). A last line that does not end in CRLF is
// ended first: the server would wait for the dot for ever.
func (d *dots) end() error {
	mark := ".\r\n"
	if d.tail != atEnd {
		mark = "\r\n.\r\n"
	}
	_, err := io.WriteString(d.w, mark)
	return err
}

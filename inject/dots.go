package inject

import (
	"bytes"
	"io"
)

// DotReader ends at a line that holds a lone dot, as sendmail(8) does without
// -i. The dot's line is not part of the message.
type DotReader struct {
	r       io.Reader
	ended   bool   // by the dot
	rest    bool   // something stood behind the dot in the same read
	err     error  // what r said, held back until pending is out
	inLine  bool   // the last octet given out was not the end of a line
	pending []byte // the start of a line that may become the lone dot: "." or ".\r"
	small   [64]byte
	out     []byte // what of small was not asked for yet
}

// NewDotReader reads r up to the lone dot.
func NewDotReader(r io.Reader) *DotReader { return &DotReader{r: r} }

// Rest tells whether r goes on behind the dot, as far as that is known without
// waiting: more is a function that says whether r has input ready; it is only
// called when nothing was read already.
func (d *DotReader) Rest(more func() bool) bool {
	return d.ended && (d.rest || d.err == nil && more())
}

// Read gives what stands in front of the lone dot.
func (d *DotReader) Read(p []byte) (int, error) {
	if len(d.out) > 0 {
		n := copy(p, d.out)
		d.out = d.out[n:]
		return n, nil
	}
	if d.ended {
		return 0, io.EOF
	}
	if len(p) < 8 { // too short to hold a dot line back in
		n, err := d.Read(d.small[:])
		d.out = d.small[:n]
		k := copy(p, d.out)
		d.out = d.out[k:]
		return k, err
	}
	n := copy(p, d.pending)
	d.pending = d.pending[:0]
	for d.err == nil {
		k, err := d.r.Read(p[n:])
		n += k
		d.err = err
		if k > 0 {
			break
		}
	}
	n = d.cut(p[:n])
	if n > 0 {
		d.inLine = p[n-1] != '\n'
		return n, nil
	}
	if d.ended || d.err != nil {
		return 0, d.end()
	}
	return 0, nil
}

func (d *DotReader) end() error {
	if d.ended {
		return io.EOF
	}
	return d.err
}

// cut finds the lone dot in p and gives the length of what stands in front of
// it. A line at the end of p that may yet become a lone dot is held back.
func (d *DotReader) cut(p []byte) int {
	from := 0
	if d.inLine {
		if from = nextLine(p, 0); from < 0 {
			return len(p)
		}
	}
	for from < len(p) {
		if p[from] == '.' {
			switch line := p[from:]; {
			case bytes.HasPrefix(line, []byte(".\n")):
				d.ended, d.rest = true, len(line) > 2
				return from
			case bytes.HasPrefix(line, []byte(".\r\n")):
				d.ended, d.rest = true, len(line) > 3
				return from
			case len(line) == 1, string(line) == ".\r":
				if d.err == io.EOF { // a lone dot may lack its line end
					d.ended = true
					return from
				}
				d.pending = append(d.pending, line...)
				return from
			}
		}
		// the next line that begins with a dot, if any
		i := bytes.Index(p[from:], []byte("\n."))
		if i < 0 {
			return len(p)
		}
		from += i + 1
	}
	return len(p)
}

// nextLine is where the line behind the one at from begins, -1 if not in p.
func nextLine(p []byte, from int) int {
	if i := bytes.IndexByte(p[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	return -1
}

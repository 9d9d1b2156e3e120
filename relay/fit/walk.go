package fit

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"

	"mailchute/headers"
	"mailchute/relay/message"
)

// maxHeader is the size in octets that the header of a part may have.
const maxHeader = 8 << 20

// entity is a message or a part of one, RFC 2045 section 2.4.
type entity struct {
	header  headers.Header
	body    span
	message bool   // a message, with From and MIME-Version, not a part
	digest  bool   // a part of a multipart/digest
	sealed  string // what would break if an octet changed; "" if nothing
	place   place
}

// walker goes over the parts of one message and writes them. Between the
// structure it copies; memory does not grow with size or number of the parts.
type walker struct {
	limits limits
	body   *message.Body
	source *source
	out    *counter
	buf    *bufio.Writer // to out
	lines  *crlf         // to buf
	reader *bufio.Reader // for headers
	open   bool          // octets were written last: no line end follows
	done   tally
}

func newWalker(b *message.Body, l limits, w io.Writer) *walker {
	out := &counter{w: w, last: '\n'}
	buf := bufio.NewWriterSize(out, block)
	return &walker{limits: l, body: b, source: newSource(b), out: out, buf: buf, lines: newCRLF(buf)}
}

// run writes the body of the message.
func (w *walker) run(a action, top entity) error {
	if err := w.emit(a, top); err != nil {
		return err
	}
	w.lines.settle()
	if err := w.buf.Flush(); err != nil {
		return err
	}
	if w.out.last != '\n' && !w.open {
		_, err := w.out.Write(w.lines.end)
		return err
	}
	return nil
}

// emit writes the body of an entity.
func (w *walker) emit(a action, e entity) error {
	w.done.add(a.do)
	switch a.do {
	case asOctets:
		w.lines.settle()
		w.open = true
		return w.source.copy(w.buf, e.body)
	case toQuoted:
		return w.encodeLines(quotedprintable.NewWriter(w.buf), e)
	case toBase64:
		return w.encodeOctets(&base64Lines{w: w.buf}, e.body)
	case rewrapQuoted:
		return w.encodeLines(&requoted{w: w.buf}, e)
	case rewrapBase64:
		return w.encodeOctets(&rebase64{w: w.buf}, e.body)
	case descend:
		return w.multipart(a, e)
	case descendHeader:
		return w.entity(entity{body: e.body, message: true, sealed: e.sealed, place: e.place.child(1)})
	}
	return w.source.copy(w.lines, e.body)
}

// encodeOctets encodes octets as they are.
func (w *walker) encodeOctets(to io.WriteCloser, r span) error {
	w.lines.settle()
	if err := w.source.copy(to, r); err != nil {
		return err
	}
	return to.Close()
}

// encodeLines encodes text whose line ends become CRLF. A CR at the very end of
// a part is part of the line end in front of the next delimiter.
func (w *walker) encodeLines(to io.WriteCloser, e entity) error {
	w.lines.settle()
	lines := newCRLF(to)
	if err := w.source.copy(lines, e.body); err != nil {
		return err
	}
	if len(e.place) == 0 {
		lines.settle()
	}
	return to.Close()
}

// multipart writes all parts of e and what stands around them.
func (w *walker) multipart(a action, e entity) error {
	sealed, boundary := sealOf(a, e), a.media.boundary
	d, _ := w.source.delimiter(boundary, e.body)
	if err := w.filler(span{e.body.start, d.start}, sealed, e.place); err != nil {
		return err
	}
	for n := 1; ; n++ {
		w.open = false
		if err := w.source.copy(w.lines, d.span); err != nil {
			return err
		}
		if d.last {
			return w.filler(span{d.end, e.body.end}, sealed, e.place)
		}
		next, more := w.source.delimiter(boundary, span{d.end, e.body.end})
		part := entity{body: span{d.end, e.body.end}, digest: a.media.sub == "digest", sealed: sealed, place: e.place.child(n)}
		if more {
			part.body.end = next.start
		}
		if err := w.entity(part); err != nil || !more {
			return err
		}
		d = next
	}
}

// entity writes an entity of which only the place is known: its header stands
// at the front of its body.
func (w *walker) entity(e entity) error {
	all := e.body
	if err := w.readHeader(&e); err != nil {
		return err
	}
	a, err := w.decide(e)
	if err != nil {
		return err
	}
	block := span{all.start, e.body.start}
	t, err := w.source.scan(block)
	if err != nil {
		return err
	}
	switch {
	case !a.changed && w.limits.takes(t):
		err = w.source.copy(w.lines, block)
	case e.sealed != "":
		return w.breaks(e.sealed, e.place, t)
	default:
		w.lines.settle()
		w.buf.Write(w.limits.partHeader(a.header).Bytes())
		_, err = w.buf.WriteString("\r\n")
	}
	if err != nil {
		return err
	}
	return w.emit(a, e)
}

// readHeader takes the header off the front of e.body.
func (w *walker) readHeader(e *entity) error {
	limit := min(e.body.end-e.body.start, maxHeader)
	section := io.NewSectionReader(w.body.Reader(), e.body.start, limit)
	if w.reader == nil {
		w.reader = bufio.NewReaderSize(nil, block)
	}
	w.reader.Reset(section)
	if front, _ := w.reader.Peek(len(">From ")); !e.message && bytes.HasPrefix(bytes.TrimPrefix(front, []byte(">")), []byte("From ")) {
		return nil // text without a header; headers.Read would take it for the envelope of an mbox
	}
	h, err := headers.Read(w.reader)
	if err != nil {
		return err
	}
	pos, err := section.Seek(0, io.SeekCurrent)
	pos -= int64(w.reader.Buffered())
	if pos >= maxHeader {
		return &Error{badMedia(), fmt.Sprintf("the header of %s is longer than %d octets", e.place, maxHeader)}
	}
	e.header = h
	e.body.start += pos
	return err
}

// filler writes what stands in a multipart in front of the first part or behind
// the last.
func (w *walker) filler(r span, sealed string, p place) error {
	t, err := w.source.scan(r)
	switch {
	case err != nil:
		return err
	case w.limits.takes(t):
		return w.source.copy(w.lines, r)
	case sealed != "":
		return w.breaks(sealed, p, t)
	}
	w.lines.settle()
	return w.source.copy(newCRLF(&filler{w: w.buf, limits: w.limits}), r)
}

// traits looks at a piece of the body, the whole of which is known. In a part,
// a CR at the very end belongs to the line end in front of the delimiter.
func (w *walker) traits(r span) (message.Traits, error) {
	if t := w.body.Traits; r == (span{0, t.Size}) {
		return t, nil
	}
	for r.end > r.start && w.source.at(r.end-1) == '\r' {
		r.end--
	}
	t, err := w.source.scan(r)
	t.CRLFOnly = w.body.Traits.CRLFOnly
	return t, err
}

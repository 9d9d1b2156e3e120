package fit

import (
	"bufio"
	"io"

	"mailchute/relay/message"
)

// copyBody writes the whole body with CRLF line ends, the last line too.
func copyBody(w io.Writer, b *message.Body) error {
	s := newSource(b)
	whole := span{0, b.Traits.Size}
	if b.Traits.Canonical {
		return s.copy(w, whole)
	}
	out := &counter{w: w, last: '\n'}
	buf := bufio.NewWriterSize(out, int(min(block, b.Traits.WireSize)))
	lines := newCRLF(buf)
	if err := s.copy(lines, whole); err != nil {
		return err
	}
	lines.settle()
	if err := buf.Flush(); err != nil {
		return err
	}
	if out.last != '\n' {
		_, err := out.Write(lines.end)
		return err
	}
	return nil
}

// traits looks at text in memory.
func traits(p []byte) message.Traits {
	var s message.Scanner
	s.Write(p)
	return s.Traits()
}

package headers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"mailchute/relay/reply"
)

// MaxSize is the size in octets up to which a header is read.
const MaxSize = 64 << 20

// MaxMembers is the number of list members up to which a header is read.
const MaxMembers = 1 << 18

// MaxFields is the number of fields up to which a header is read. In memory a field
// takes some 400 octets: a program may name ten thousand recipients in as many
// fields, and a few times more, but not fill the memory with To:a.
const MaxFields = 1 << 16

// maxLine is the longest line that may go over a wire, without its CRLF: RFC
// 5322 section 2.1.1. A field name has to fit in with its colon, as a name
// cannot be folded.
const maxLine = 998

// Error tells why a message cannot be sent as it is.
type Error struct {
	Status reply.Enhanced // RFC 3463
	Reason string         // in words, for people
}

func (e *Error) Error() string { return e.Status.String() + " " + e.Reason }

// Read reads the header section and the empty line behind it; r then stands at
// the body. The section ends at an empty line, at the end of input, or at the
// first line that is neither a field nor the continuation of one: that line
// stays in r and begins the body.
//
// Lines may end in LF or CRLF, with any number of CRs; the fields end in CRLF. A
// CR elsewhere and a NUL become blanks. The "From " line of an mbox in front is
// dropped. All other octets stay as they are. An error of r is returned with
// what was read before it; a section over MaxSize octets, with more than
// MaxFields fields, or with more than MaxMembers commas or semicolons, gives an *Error.
func Read(r *bufio.Reader) (Header, error) {
	block, fields := make([]byte, 0, 2048), 0
	for atTop := true; ; atTop = false {
		kind, err := peekLine(r)
		if err != nil {
			return split(block), err
		}
		if kind == fieldLine {
			fields++
		}
		switch {
		case fields > MaxFields:
			return split(block), beyondUse("the header has more than %d fields", MaxFields)
		case kind == otherLine && atTop && isMboxLine(r):
			err = skipLine(r)
		case kind == emptyLine:
			if err = skipLine(r); err == nil {
				err = tooMany(block)
			}
			return split(block), err
		case kind == fieldLine, kind == continuationLine && len(block) > 0:
			block, err = appendLine(block, r)
		default:
			return split(block), tooMany(block)
		}
		if err != nil {
			return split(block), err
		}
	}
}

// tooMany is the error of a header with lists that are long beyond all use: an
// address takes many times more memory than the three octets it can be
// written in.
func tooMany(block []byte) error {
	if bytes.Count(block, []byte(",")) <= MaxMembers && bytes.Count(block, []byte(";")) <= MaxMembers {
		return nil
	}
	return beyondUse("the header has lists of more than %d members", MaxMembers)
}

// beyondUse is the error of a header that would take many times its size in memory.
func beyondUse(text string, most int) error {
	return &Error{reply.Enhanced{Class: 5, Subject: 5, Detail: 3}, fmt.Sprintf(text, most)} // RFC 3463 section 3.6
}

type lineKind int

const (
	otherLine lineKind = iota // the first line of the body, or the end of input
	emptyLine
	fieldLine
	continuationLine
)

// peekLine tells what line r stands at and consumes nothing. It looks no further
// than it has to, so that a terminal or a pipe can be read line by line.
func peekLine(r *bufio.Reader) (lineKind, error) {
	named, blank, returns := false, false, false
	window, err := r.Peek(min(r.Buffered(), maxLine)) // what is here already costs no waiting
	for n := range maxLine {
		if n == len(window) {
			window, err = r.Peek(n + 1)
		}
		if len(window) <= n {
			if returns && err == io.EOF {
				return emptyLine, nil
			}
			if err == io.EOF || err == bufio.ErrBufferFull {
				err = nil
			}
			return otherLine, err
		}
		switch c := window[n]; {
		case returns && c == '\n', n == 0 && c == '\n':
			return emptyLine, nil
		case c == '\r' && !named:
			returns = true // an empty line may end in any number of CRs
		case returns:
			return otherLine, nil
		case isBlank(c) && !named:
			return continuationLine, nil
		case isBlank(c):
			blank = true // RFC 5322 section 4.5: white space before the colon
		case c == ':' && named:
			return fieldLine, nil
		case isNameByte(c) && !blank:
			named = true
		default:
			return otherLine, nil
		}
	}
	return otherLine, nil
}

// isMboxLine tells whether r stands at the line that parts messages in an mbox
// file (RFC 4155), also where a program has quoted it.
func isMboxLine(r *bufio.Reader) bool {
	window, _ := r.Peek(len(">From "))
	return bytes.HasPrefix(bytes.TrimPrefix(window, []byte(">")), []byte("From "))
}

// skipLine reads over one line.
func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			continue
		}
		return notEOF(err)
	}
}

// appendLine reads one line into block, ended by CRLF and without a CR or NUL of
// its own.
func appendLine(block []byte, r *bufio.Reader) ([]byte, error) {
	start := len(block)
	for {
		part, err := r.ReadSlice('\n')
		if len(block)+len(part)+1 > MaxSize {
			return block[:start], &Error{reply.Enhanced{Class: 5, Subject: 3, Detail: 4},
				fmt.Sprintf("the header is larger than %d octets", MaxSize)}
		}
		if need := len(block) + len(part) + len("\r\n"); need > cap(block) {
			block = append(make([]byte, 0, 2*need), block...) // append adds a quarter, and copies a long header many times
		}
		block = append(block, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		line := bytes.TrimSuffix(block[start:], []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		if bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, 0) >= 0 {
			blankOut(line)
		}
		return append(block[:start+len(line)], "\r\n"...), notEOF(err)
	}
}

func blankOut(line []byte) {
	for i, c := range line {
		if c == '\r' || c == 0 {
			line[i] = ' '
		}
	}
}

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// split cuts a block of whole lines into its fields, which share its memory.
func split(block []byte) Header {
	count := 0
	for rest := block; len(rest) > 0; rest = rest[fieldEnd(rest):] {
		count++
	}
	if count == 0 {
		return Header{}
	}
	fields := make([]Field, 0, count)
	for rest := block; len(rest) > 0; {
		end := fieldEnd(rest)
		fields = append(fields, Field{raw: rest[:end:end], colon: bytes.IndexByte(rest, ':')})
		rest = rest[end:]
	}
	return Header{fields}
}

// fieldEnd is where the first field of block ends: behind the line that no
// continuation follows.
func fieldEnd(block []byte) int {
	end := 0
	for {
		end += bytes.IndexByte(block[end:], '\n') + 1
		if end == len(block) || !isBlank(block[end]) {
			return end
		}
	}
}

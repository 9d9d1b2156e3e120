package xqueue

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// piece is how much of an object or of a text goes into one line: with code and
// enhanced status code it stays below the 512 octets of RFC 5321 section 4.5.3.1.5.
const piece = 480

// WriteObject hands v to line as JSON, in as many lines as it takes.
func WriteObject(v any, line func(text string) error) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text = ascii(text)
	for len(text) > piece {
		cut := piece
		if text[cut] == ' ' { // nobody keeps a blank at the front of a line
			cut++
		}
		if err := line(string(text[:cut]) + "+"); err != nil {
			return err
		}
		text = text[cut:]
	}
	return line(string(text))
}

// ascii writes as escapes of JSON what is outside of printable ASCII, and of
// several blanks all but the first: in what Marshal makes they stand in strings.
func ascii(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		switch {
		case r > ' ' && r <= '~', r == ' ' && (len(out) == 0 || out[len(out)-1] != ' '):
			out = append(out, byte(r))
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// WriteText hands what r holds to line as base64.
func WriteText(r io.Reader, line func(text string) error) error {
	buf := make([]byte, base64.StdEncoding.DecodedLen(piece))
	for {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := line(base64.StdEncoding.EncodeToString(buf[:n])); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// maxObject bounds what is kept of one object, whatever a server sends. A message
// with ten thousand recipients and the longest of replies for each has less.
const maxObject = 32 << 20

// ErrMalformed is an answer that breaks the protocol.
var ErrMalformed = errors.New("the server's answer is not what XQUEUE tells")

// objects puts the lines of a reply together.
type objects struct {
	text  []byte
	found func(text []byte) error
}

func (o *objects) line(text string) error {
	more := len(text) > 0 && text[len(text)-1] == '+'
	if more {
		text = text[:len(text)-1]
	}
	if len(o.text)+len(text) > maxObject {
		return ErrMalformed
	}
	o.text = append(o.text, text...)
	if more {
		return nil
	}
	err := o.found(o.text)
	o.text = o.text[:0]
	return err
}

// texts decodes the lines of READ.
type texts struct{ w io.Writer }

func (t texts) line(text string) error {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return ErrMalformed
	}
	_, err = t.w.Write(b)
	return err
}

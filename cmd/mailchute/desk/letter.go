package desk

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"mailchute/cmd/mailchute/voice"
)

// letter writes the text of a message for people: the header in characters that
// can be printed, the body as it is. What strangers wrote must not speak to a
// terminal, so for one the body is tamed as well.
type letter struct {
	w    io.Writer
	tame bool // the body too
	body bool // the header is over
	line []byte
}

// longestShown is what is kept of a line before some of it is written.
const longestShown = 8 << 10

// Write takes the next octets of the message.
func (l *letter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if l.body && !l.tame {
			if _, err := l.w.Write(p); err != nil {
				return 0, err
			}
			break
		}
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		p = rest
		l.line = append(l.line, part...)
		if err := l.put(ended); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// put writes the line that has come to its end, or what of a long one is enough.
func (l *letter) put(ended bool) (err error) {
	line := l.line
	switch {
	case ended:
		line = bytes.TrimSuffix(line, []byte("\r"))
		l.body = l.body || len(line) == 0
		_, err = io.WriteString(l.w, voice.Printable(string(line))+"\n")
		l.line = l.line[:0]
	case len(line) > longestShown:
		cut := len(line) - 1 // not in the middle of a character, and no CR that may end the line
		for cut > longestShown-utf8.UTFMax && !utf8.RuneStart(line[cut]) {
			cut--
		}
		_, err = io.WriteString(l.w, voice.Printable(string(line[:cut])))
		l.line = append(l.line[:0], line[cut:]...)
	}
	return err
}

// end writes what is left.
func (l *letter) end() error {
	if len(l.line) == 0 {
		return nil
	}
	_, err := fmt.Fprintln(l.w, voice.Printable(string(l.line)))
	return err
}

package aliases

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// Error is what is wrong with a file, an entry or one member of an entry.
type Error struct {
	File   string
	Line   int    // of the entry; 0 when the file as a whole is meant
	Name   string // of the entry; "" when there is none
	Reason string
	Hint   string // how to mend it, "" when there is nothing to say
	Err    error  // the cause when it lies in the system, else nil
}

// Error is `FILE:LINE: alias "NAME": what is wrong; hint`, on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.Trim(quote(e.File), `"`))
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	b.WriteString(": ")
	if e.Name != "" {
		b.WriteString("alias " + quote(e.Name) + ": ")
	}
	b.WriteString(e.Reason)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	errWritable = errors.New("others than its owner can write it; mend it with chmod go-w")
	errTooLarge = errors.New("is too large")
)

// because is the reason of an error of the file system without the path, which
// stands elsewhere in the line.
func because(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}

// quote shows a piece of the file: quoted, without control characters, cut when
// long.
func quote(s string) string {
	const limit = 200
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return strconv.Quote(s)
}

package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Error is one mistake of a configuration, or the trouble with its file.
type Error struct {
	File   string
	Line   int    // 0 when no single line is to blame
	Key    string // dotted, "queue.retry_min"; "" when it is not about a key
	Reason string // what is wrong
	Hint   string // how to mend it, "" when there is nothing to say
	Err    error  // the cause when it lies in the system, else nil
}

// Error is `FILE:LINE: key: what is wrong; hint`, on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(printable(e.File))
	if e.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(e.Line))
	}
	for _, part := range []string{e.Key, e.Reason} {
		if part != "" {
			b.WriteString(": ")
			b.WriteString(part)
		}
	}
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	return b.String()
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors is all mistakes of one file, in the order of its lines.
type Errors []*Error

// Error is one line for each mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// problem is what is wrong with a value, before it is known where it stands.
type problem struct{ reason, hint string }

func (p problem) Error() string {
	if p.hint == "" {
		return p.reason
	}
	return p.reason + "; " + p.hint
}

// wrong is a problem without a hint.
func wrong(format string, args ...any) error {
	return problem{reason: fmt.Sprintf(format, args...)}
}

// quote shows a value: quoted, without control characters, cut when long.
func quote(s string) string {
	const limit = 60
	if r := []rune(s[:min(len(s), 4*limit)]); len(r) > limit {
		return strconv.Quote(string(r[:limit]) + "...")
	}
	return strconv.Quote(s)
}

// printable is a name as it is when it can be shown as it is, else quoted.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return quote(s)
	}
	return s
}

// dotted writes the path of a key as TOML would.
func dotted(path []string) string {
	parts := make([]string, len(path))
	for i, p := range path {
		parts[i] = p
		if p == "" || strings.ContainsFunc(p, func(r rune) bool { return !isBare(r) }) {
			parts[i] = quote(p)
		}
	}
	return strings.Join(parts, ".")
}

// isBare tells whether r can stand in a key without quotes.
func isBare(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

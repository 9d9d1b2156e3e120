// Package logbook is one record for each thing that happened to a message: sent,
// deferred, failed, redirected. A record goes to the journal, to syslog, to a
// file or to standard error, as a line for grep or as JSON for programs.
//
// What it promises: Write never fails and never holds up the mail, whatever
// became of the log; one record is one line, whatever is in its fields; nothing
// that a server or a sender wrote can pass for a record or reach a terminal as
// more than text. Nothing is opened before the first record.
//
// Forms: RFC 3164 as local syslog daemons take it, the native protocol of
// systemd-journald, logfmt-like text in the words of Postfix, JSON (RFC 8259).
package logbook

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Book is where records go. It may be used by several goroutines at once; a nil
// Book takes every record and keeps none.
type Book struct {
	mu    sync.Mutex
	form  form
	tag   string // name of the program in front of a line
	write func(Record) error
	close func() error
	room  int // recipients of a record that are kept
	last  error
	stall
}

// form is how a record becomes a line, without a line end.
type form struct {
	line  func(Record) []byte
	dated bool // the line holds its own time
}

// Open makes the book. To is "auto" (the journal where there is one, else
// syslog, else nothing), "stderr", "none" or the absolute path of a file, which
// is made with mode 0600 and never through a symbolic link. Format is "text" or
// "json". Tag is the syslog tag, "" for mailchute. Only words that mean nothing
// are errors; a log that cannot be reached is not.
func Open(to, format, tag string) (*Book, error) {
	b := &Book{tag: cleanTag(tag), write: discard, close: func() error { return nil }, room: math.MaxInt}
	switch format {
	case "text":
		b.form = form{textLine, false}
	case "json":
		b.form = form{jsonLine, true}
	default:
		return nil, fmt.Errorf("log format %q is neither \"text\" nor \"json\"", format)
	}
	switch {
	case to == "auto":
		b.room = maxRecipients
		b.toSockets("/run/systemd/journal/socket", "/dev/log")
	case to == "stderr":
		b.toStream(Patient(os.Stderr))
	case to == "none":
		b.room = 0
	case filepath.IsAbs(to):
		b.toFile(to)
	default:
		return nil, fmt.Errorf("log destination %q is neither \"auto\", \"stderr\", \"none\" nor an absolute path", to)
	}
	return b, nil
}

// Room is how many recipients of a record the book keeps: there is no need to name
// more, Record.More tells of them.
func (b *Book) Room() int {
	if b == nil {
		return 0
	}
	return b.room
}

// Write puts r into the book. A record that the log does not take within 100 ms
// is lost, and so are the next ones that it does not take at once; Err says why. A zero Time is now.
func (b *Book) Write(r Record) {
	if b == nil {
		return
	}
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = b.write(r)
}

// Err is what became of the last record: nil when it was taken, or when there is
// no log to take it.
func (b *Book) Err() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// Close lets go of the log. Records written afterwards open it again.
func (b *Book) Close() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.close()
}

func discard(Record) error { return nil }

// toStream writes whole lines to w.
func (b *Book) toStream(w io.Writer) {
	b.write = func(r Record) error {
		_, err := w.Write(b.line(r))
		return err
	}
}

// toFile opens the file for each record, so that a file moved away by logrotate
// is never written to again, and appends the record with one write.
func (b *Book) toFile(path string) {
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	b.write = func(r Record) error {
		f, err := os.OpenFile(path, flags, 0o600)
		if err != nil {
			return err
		}
		line := b.begin(b.line(r))
		_ = f.SetWriteDeadline(b.until()) // only pipes know deadlines
		n, err := f.Write(line)
		b.ended(n, len(line), err)
		return errors.Join(err, f.Close())
	}
}

// line is a record for a file: JSON as it is, text behind the time and the tag as
// in a mail log.
func (b *Book) line(r Record) []byte {
	var line []byte
	if !b.form.dated {
		line = fmt.Appendf(line, "%s %s[%d]: ", r.Time.Format(timeFormat), b.tag, os.Getpid())
	}
	line = append(line, b.form.line(r.clip(maxValue))...)
	return append(line, '\n')
}

// timeFormat is RFC 3339 with milliseconds, always of the same width.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// cleanTag makes a tag that cannot end early or break the line: visible ASCII
// without the signs that follow a tag, 32 characters at most (RFC 3164 section
// 4.1.3).
func cleanTag(tag string) string {
	var clean []byte
	for i := 0; i < len(tag) && len(clean) < 32; i++ {
		if c := tag[i]; c > ' ' && c <= '~' && c != '[' && c != ']' && c != ':' {
			clean = append(clean, c)
		}
	}
	if len(clean) == 0 {
		return "mailchute"
	}
	return string(clean)
}

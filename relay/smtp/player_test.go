package smtp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// player is the connection and the server behind it.
type player struct {
	t      *testing.T
	script []string
	in     bytes.Buffer
	closed bool
}

func (p *player) Write(b []byte) (int, error) {
	p.t.Helper()
	if p.closed {
		return 0, net.ErrClosed
	}
	text, whole := strings.CutSuffix(string(b), "\r\n")
	if !whole {
		p.t.Errorf("a flight that does not end in CRLF: %q", b)
	}
	var want []string
	for len(p.script) > 0 && strings.HasPrefix(p.script[0], "C:") {
		want = append(want, strings.TrimPrefix(strings.TrimPrefix(p.script[0], "C:"), " "))
		p.script = p.script[1:]
	}
	if len(p.script) > 0 && p.script[0] == "--" {
		p.script = p.script[1:]
	}
	if got := strings.Split(text, "\r\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		p.t.Errorf("flight:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		return 0, errors.New("the dialogue took another way")
	}
	if len(p.script) > 0 && p.script[0] == "S! reset" {
		p.script = p.script[1:]
		return 0, &net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.ECONNRESET)}
	}
	return len(b), nil
}

func (p *player) Read(b []byte) (int, error) {
	p.t.Helper()
	if p.closed {
		return 0, net.ErrClosed
	}
	for len(p.script) > 0 && strings.HasPrefix(p.script[0], "S: ") {
		p.in.WriteString(strings.TrimPrefix(p.script[0], "S: ") + "\r\n")
		p.script = p.script[1:]
	}
	if p.in.Len() > 0 {
		return p.in.Read(b)
	}
	next := "the end"
	if len(p.script) > 0 {
		next, p.script = p.script[0], p.script[1:]
	}
	switch next {
	case "S! close":
		return 0, io.EOF
	case "S! timeout":
		return 0, os.ErrDeadlineExceeded
	}
	p.t.Errorf("the client waits for a reply where the dialogue has %q", next)
	return 0, io.EOF
}

func (p *player) Close() error                     { p.closed = true; return nil }
func (p *player) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (p *player) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 587} }
func (p *player) SetDeadline(time.Time) error      { return nil }
func (p *player) SetReadDeadline(time.Time) error  { return nil }
func (p *player) SetWriteDeadline(time.Time) error { return nil }

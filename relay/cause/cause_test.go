package cause

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestTheCauseStandsAlone(t *testing.T) {
	reset := &net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 587}, Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"a system call", reset, "connection reset by peer"},
		{"below other words", fmt.Errorf("greeting: %w", reset), "connection reset by peer"},
		{"a proxy", &net.OpError{Op: "socks connect", Net: "tcp", Err: errors.New("unknown error general SOCKS server failure")}, "unknown error general SOCKS server failure"},
		{"the end", io.EOF, "the server closed the connection"},
		{"the end in the middle", fmt.Errorf("reply: %w", io.ErrUnexpectedEOF), "the server closed the connection"},
		{"anything else", errors.New("no such thing"), "no such thing"},
	} {
		if got := Of(tt.err); got.Error() != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if !errors.Is(Of(reset), syscall.ECONNRESET) {
		t.Error("what it is cannot be asked any more")
	}
}

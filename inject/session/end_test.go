package session

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"mailchute/relay/reply"
)

// late is a client that says something and then nothing for too long.
type late struct {
	io.Reader
	io.Writer
}

func (l late) Read(p []byte) (int, error) {
	if n, err := l.Reader.Read(p); err == nil {
		return n, nil
	}
	return 0, os.ErrDeadlineExceeded
}

func TestASilentClientIsToldAndLeft(t *testing.T) {
	var got []delivered
	var out strings.Builder
	sum, err := Serve(context.Background(), late{strings.NewReader(envelopeOfOne + "DATA\r\nx"), &out}, options(t, &got))
	if !errors.Is(err, os.ErrDeadlineExceeded) || !sum.Unfinished || !strings.HasSuffix(out.String(), "421 4.4.2 mx.example has waited too long\r\n") {
		t.Errorf("%v, %+v, %q", err, sum, out.String())
	}
}

func TestAShutdownIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var got []delivered
	var out strings.Builder
	o := options(t, &got)
	o.Deliver = func(context.Context, *Mail) reply.Reply { cancel(); return say(250, 2, 0, 0, "taken") }
	_, err := Serve(ctx, duplex{strings.NewReader(envelopeOfOne + "DATA\r\n.\r\nNOOP\r\n"), &out}, o)
	if err != nil || !strings.HasSuffix(out.String(), "250 2.0.0 taken\r\n421 4.3.2 mx.example is shutting down\r\n") {
		t.Errorf("%v, %q", err, out.String())
	}
}

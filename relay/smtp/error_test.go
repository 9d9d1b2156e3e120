package smtp

import (
	"context"
	"errors"
	"testing"
)

func TestErrorsHoldNoControlCharacters(t *testing.T) {
	e := &Error{Phase: PhaseTLS, Server: "a\x1b[0m", Err: errors.New("b\r\nc\u009b")}
	if got, want := e.Error(), "a [0m: no secure connection: b  c "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALimitOfTheCallerIsToldInWords(t *testing.T) {
	err := &Error{Phase: PhaseGreeting, Server: "mx.example", Err: context.DeadlineExceeded}
	if got := err.Error(); got != "mx.example: no service: it took too long" {
		t.Errorf("%s", got)
	}
}

package smtp

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
)

func TestDialErrorsTellWhatIsWrong(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		phase Phase
		text  string
	}{
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "mx.example", IsNotFound: true}},
			PhaseResolve, "mx.example: cannot find its address: "},
		{"refused", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errors.New("connection refused"))},
			PhaseConnect, "mx.example: cannot connect to port 25: connection refused"},
		{"late", context.DeadlineExceeded, PhaseConnect, "mx.example: cannot connect to port 25: nothing came within 30s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "mx.example:25", Host: "mx.example"}, Options{
				Dial: func(context.Context, string, string) (net.Conn, error) { return nil, tt.err },
			})
			var e *Error
			if !errors.As(err, &e) || e.Phase != tt.phase || !strings.HasPrefix(err.Error(), tt.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

package check

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"

	"mailchute/relay/route/dns"
)

func TestAMuteNameServerIsNotWaitedForAgain(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		mute bool
	}{
		{"no error", nil, false},
		{"a name that is not there", &net.DNSError{Err: "no such host", IsNotFound: true}, false},
		{"a server that fails", &dns.Error{Err: errors.New("server failure")}, false},
		{"no answer to the system", &net.DNSError{Err: "i/o timeout", IsTimeout: true}, true},
		{"no answer to the own client", fmt.Errorf("x: %w", &dns.Error{Err: os.ErrDeadlineExceeded}), true},
	} {
		r := &findings{}
		r.heed(c.err)
		ctx, done := r.patience(t.Context())
		_, bounded := ctx.Deadline()
		done()
		if bounded != c.mute {
			t.Errorf("%s: bounded %v", c.name, bounded)
		}
	}
}

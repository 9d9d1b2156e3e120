package session

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

func TestLimits(t *testing.T) {
	line := strings.Repeat("x", 98) + "\r\n"
	full := func() (*os.File, error) { return nil, errors.New("disk full") }
	for _, c := range []struct {
		name, wire string
		set        func(*Options)
		want       []string
	}{
		{"size told", "MAIL FROM:<> SIZE=2000\r\n", func(o *Options) { o.Limits.Size = 1000 }, []string{"552 5.3.4"}},
		{"size of a text", envelopeOfOne + "DATA\r\n" + strings.Repeat(line, 11) + ".\r\nNOOP\r\n", func(o *Options) { o.Limits.Size = 1000 },
			[]string{"250", "250", "354", "552 5.3.4", "250"}},
		{"size of chunks", envelopeOfOne + "BDAT 900\r\n" + strings.Repeat(line, 9) + "BDAT 200\r\n" + line + line + "BDAT 100 LAST\r\n" + line + "NOOP\r\n",
			func(o *Options) { o.Limits.Size = 1000 }, []string{"250", "250", "250", "552 5.3.4", "503", "250"}},
		{"no room", envelopeOfOne + "DATA\r\n" + strings.Repeat(line, 11) + ".\r\nNOOP\r\n", func(o *Options) { o.Limits.Memory, o.Spool = 1000, full },
			[]string{"250", "250", "354", "452 4.3.1", "250"}},
		{"recipients", envelopeOfOne + "RCPT TO:<c@y.example>\r\nDATA\r\n.\r\n", func(o *Options) { o.Limits.Recipients = 1 }, []string{"250", "250", "452 4.5.3", "354", "250"}},
		{"errors", "A\r\nB\r\nC\r\nNOOP\r\n", func(o *Options) { o.Limits.Errors = 3 }, []string{"500", "500", "421 4.7.0"}},
		{"the caller refuses the sender", envelopeOfOne, func(o *Options) {
			o.From = func(address.Addr) *reply.Reply { return no(550, 5, 7, 1, "not you") }
		}, []string{"550 5.7.1", "503"}},
		{"the caller refuses the message", envelopeOfOne + "DATA\r\n.\r\n", func(o *Options) {
			o.Deliver = func(context.Context, *Mail) reply.Reply { return say(550, 5, 1, 1, "no\r\nsuch", "user ä") }
		}, []string{"250", "250", "354", "550-5.1.1 no  such", "550 5.1.1 user ?"}},
		{"an answer that is none takes nothing", envelopeOfOne + "DATA\r\n.\r\n", func(o *Options) {
			o.Deliver = func(context.Context, *Mail) reply.Reply { return reply.Reply{} }
		}, []string{"250", "250", "354", "451 4.3.0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []delivered
			o := options(t, &got)
			c.set(&o)
			out, _, _ := talk(o, c.wire)
			lines := strings.Split(strings.TrimSuffix(out, "\r\n"), "\r\n")[1:]
			if len(lines) != len(c.want) {
				t.Fatalf("%q, want %q", lines, c.want)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("%q, want %q", lines[i], want)
				}
			}
		})
	}
}

func TestTheEnvelopeIsBounded(t *testing.T) {
	var wire strings.Builder
	wire.WriteString("MAIL FROM:<>\r\n")
	for range 3000 {
		wire.WriteString("RCPT TO:<b@y.example> ORCPT=rfc822;" + strings.Repeat("x", 450) + "\r\n")
	}
	var got []delivered
	out, sum, _ := talk(options(t, &got), wire.String())
	if sum.Refused < 500 || !strings.Contains(out, "452 4.5.3") {
		t.Errorf("%d refused", sum.Refused)
	}
}

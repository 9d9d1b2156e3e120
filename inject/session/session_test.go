package session

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/relay/reply"
)

// Each dialogue is a text of lines "C: " and "S: ". What the client says is sent
// ahead, all of it.
func TestDialogues(t *testing.T) {
	for _, c := range []struct{ name, dialogue string }{
		{"greets, tells what it offers, and says goodbye", `
S: 220 mx.example ESMTP mailchute
C: EHLO client.example
S: 250-mx.example
S: 250-PIPELINING
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-SIZE 0
S: 250-DSN
S: 250-ENHANCEDSTATUSCODES
S: 250-CHUNKING
S: 250-BINARYMIME
250-BINARYMIME
S: 250-MT-PRIORITY
S: 250-DELIVERBY
S: 250-RRVS
S: 250-LIMITS RCPTMAX=10000
S: 250-FUTURERELEASE 259200 2030-02-03T12:00:00Z
S: 250 REQUIRETLS
C: QUIT
S: 221 2.0.0 mx.example bye`},
		{"takes several messages in one session", `
S: 220 mx.example ESMTP mailchute
C: HELO client
S: 250 mx.example
C: mail from:<a@x.example>
S: 250 2.1.0 sender taken
C: rcpt to:<b@y.example>
S: 250 2.1.5 recipient taken
C: data
S: 354 the text, and a dot on a line of its own
C: one
C: .
S: 250 2.0.0 taken as ID1
C: RSET
S: 250 2.0.0 forgotten
C: MAIL FROM:<>
S: 250 2.1.0 sender taken
C: RCPT TO:<root>
S: 250 2.1.5 recipient taken
C: RCPT TO:<Postmaster>
S: 250 2.1.5 recipient taken
C: DATA
S: 354 the text, and a dot on a line of its own
C: ..two
C: .
S: 250 2.0.0 taken as ID1
C: QUIT
S: 221 2.0.0 mx.example bye`},
		{"a refused recipient does not stop the others", `
S: 220 mx.example ESMTP mailchute
C: MAIL FROM:<a@x.example>
S: 250 2.1.0 sender taken
C: RCPT TO:<b@@y.example>
S: 501 5.1.3 malformed address: more than one @
C: RCPT TO:<>
S: 501 5.1.3 malformed address: no address
C: RCPT TO:<"">
S: 501 5.1.3 malformed address: the local part is empty
C: RCPT TO:<@hop.example:b>
S: 501 5.1.3 malformed address: a source route, but no domain behind the local part
C: RCPT TO:<@hop.example:b@y.example>
S: 250 2.1.5 recipient taken
C: DATA
S: 354 the text, and a dot on a line of its own
C: .
S: 250 2.0.0 taken as ID1`},
		{"keeps the order of commands", `
S: 220 mx.example ESMTP mailchute
C: RCPT TO:<b@y.example>
S: 503 5.5.1 RCPT stands behind MAIL and in front of the text
C: DATA
S: 503 5.5.1 DATA stands behind MAIL and RCPT
C: MAIL FROM:<a@x.example>
S: 250 2.1.0 sender taken
C: MAIL FROM:<a@x.example>
S: 503 5.5.1 a transaction is open; RSET forgets it
C: DATA
S: 554 5.5.1 no recipient was taken
C: EHLO
S: 501 5.5.4 EHLO who?
C: HELO again
S: 250 mx.example
C: DATA
S: 503 5.5.1 DATA stands behind MAIL and RCPT`},
		{"answers what is no mail", `
S: 220 mx.example ESMTP mailchute
C: NOOP whatever
S: 250 2.0.0 OK
C: VRFY root
S: 252 2.5.0 cannot tell, but will take the message
C: HELP
S: 214-2.0.0 EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT
S: 214 2.0.0 RFC 5321, and sendmail(8) on this machine
C: STARTTLS
S: 502 5.5.1 STARTTLS is not offered here
C: EXPN list
S: 502 5.5.1 EXPN is not offered here
C: HELLO
S: 500 5.5.1 not a command
C: MAIL TO:<a@x.example>
S: 501 5.5.4 want MAIL FROM:<address>
C: RSET x
S: 501 5.5.4 RSET stands alone`},
		{"blanks and missing brackets mean nothing", `
S: 220 mx.example ESMTP mailchute
C: MAIL FROM: <a@x.example>  
S: 250 2.1.0 sender taken
C: RCPT To: b@y.example NOTIFY=NEVER
S: 250 2.1.5 recipient taken
C: RCPT TO:<"a > b \" c"@y.example>
S: 250 2.1.5 recipient taken`},
		{"takes chunks, and dots in them are dots", `
S: 220 mx.example ESMTP mailchute
C: MAIL FROM:<a@x.example> BODY=8BITMIME
S: 250 2.1.0 sender taken
C: RCPT TO:<b@y.example>
S: 250 2.1.5 recipient taken
C: BDAT 6
C: .one
S: 250 2.0.0 6 octets taken
C: RCPT TO:<c@y.example>
S: 503 5.5.1 RCPT stands behind MAIL and in front of the text
C: DATA
S: 503 5.5.1 the text has begun with BDAT
C: BDAT 0 LAST
S: 250 2.0.0 taken as ID1
C: BDAT 3 LAST
C: x
S: 503 5.5.1 BDAT stands behind MAIL and RCPT
C: BDAT many
S: 521 5.5.4 want BDAT size, maybe with LAST`},
		{"leaves a client that ends a command in LF", `
S: 220 mx.example ESMTP mailchute
C: MAIL FROM:<a@x.example>
S: 250 2.1.0 sender taken
L: RCPT TO:<b@y.example>
S: 521 5.5.2 a command ends in CR LF, not in LF alone`},
		{"leaves a browser", `
S: 220 mx.example ESMTP mailchute
C: POST / HTTP/1.1
S: 521 5.7.0 this is no web server`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var client, server strings.Builder
			for _, line := range strings.Split(strings.TrimPrefix(c.dialogue, "\n"), "\n") {
				switch who, text := line[:3], line[3:]; who {
				case "C: ":
					client.WriteString(text + "\r\n")
				case "L: ":
					client.WriteString(text + "\n")
				case "S: ":
					server.WriteString(text + "\r\n")
				}
			}
			var got []delivered
			out, _, err := talk(options(t, &got), client.String())
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Error(err)
			}
			if diff := cmp.Diff(strings.Split(server.String(), "\r\n"), strings.Split(out, "\r\n")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

const envelopeOfOne = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"

func TestOnlyCRLFDotCRLFEndsAText(t *testing.T) {
	for _, c := range []struct{ name, wire, text string }{
		{"empty", ".\r\n", ""},
		{"stuffed dots", "..\r\n...x\r\nx.\r\n.\r\n", ".\r\n..x\r\nx.\r\n"},
		{"LF dot LF", "x\n.\ny\r\n.\r\n", "x\n.\ny\r\n"},
		{"LF dot CRLF", "x\n.\r\ny\r\n.\r\n", "x\n.\r\ny\r\n"},
		{"CR dot CR", "x\r.\r\ny\r\n.\r\n", "x\r.\r\ny\r\n"},
		{"CR LF dot LF", "x\r\n.\ny\r\n.\r\n", "x\r\n\ny\r\n"},
		{"CR LF dot CR", "x\r\n.\ry\r\n.\r\n", "x\r\n\ry\r\n"},
		{"CR CR LF dot", "x\r\r\n.\r\n", "x\r\r\n"},
		{"a command in the text", "x\n.\nMAIL FROM:<evil@x.example>\r\n.\r\n", "x\n.\nMAIL FROM:<evil@x.example>\r\n"},
		{"a CR at the end of the buffer", strings.Repeat("y", 4095-len(envelopeOfOne+"DATA\r\n")) + "\r\n.\r\n", strings.Repeat("y", 4095-len(envelopeOfOne+"DATA\r\n")) + "\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []delivered
			out, _, err := talk(options(t, &got), envelopeOfOne+"DATA\r\n"+c.wire+"QUIT\r\n")
			if err != nil || len(got) != 1 || got[0].text != c.text || !strings.HasSuffix(out, "221 2.0.0 mx.example bye\r\n") {
				t.Errorf("%v, %d messages, %.200q", err, len(got), out)
			}
		})
	}
}

func TestNothingIsDeliveredOfAnUnfinishedText(t *testing.T) {
	for _, wire := range []string{"DATA\r\nx\r\n", "DATA\r\nx\r\n.", "DATA\r\nx\n.\n", "BDAT 5 LAST\r\nabc", "BDAT 3\r\nabc"} {
		var got []delivered
		_, sum, err := talk(options(t, &got), envelopeOfOne+wire)
		if len(got) > 0 || err == nil || !sum.Unfinished {
			t.Errorf("%q: %v, %v, %+v", wire, got, err, sum)
		}
	}
}

func TestALongTextGoesToAFile(t *testing.T) {
	var got []delivered
	o := options(t, &got)
	o.Limits.Memory = 1000
	line := strings.Repeat("x", 70) + "\r\n"
	for _, n := range []int{1, 13, 14, 15, 100, 5000} {
		text := "Subject: long\r\n\r\n" + strings.Repeat(line, n)
		got = nil
		o.Deliver = func(_ context.Context, m *Mail) reply.Reply {
			in, err := m.Text.Input()
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(in.Body.Reader())
			if want := strings.Repeat(line, n); err != nil || string(body) != want || in.Body.Traits.WireSize != int64(len(want)) || m.Text.Size() != int64(len(text)) {
				t.Errorf("%d lines: %v, %d octets, %+v", n, err, len(body), in.Body.Traits)
			}
			if m.Text.Large() != (len(text) > 1000) || string(in.Header.Bytes()) != "Subject: long\r\n" {
				t.Errorf("%d lines: large %v, header %q", n, m.Text.Large(), in.Header.Bytes())
			}
			got = append(got, delivered{})
			return say(250, 2, 0, 0)
		}
		talk(o, envelopeOfOne+"DATA\r\n"+text+".\r\n")
		talk(o, envelopeOfOne+"BDAT "+itoa(len(text))+" LAST\r\n"+text)
		if len(got) != 2 {
			t.Errorf("%d lines: %d messages", n, len(got))
		}
	}
}

func TestALargeHeaderIsRefused(t *testing.T) {
	for _, c := range []struct {
		size int
		ok   bool
	}{{maxHeader - 2, true}, {maxHeader, true}, {maxHeader + 1, false}, {maxHeader + 70000, false}} {
		text := "A: " + strings.Repeat("x", c.size-7) + "\r\n\r\n"
		in, err := (&Text{mem: []byte(text), size: int64(len(text))}).Input()
		if c.ok != (err == nil) || err == nil && len(in.Header.Bytes()) != c.size-2 {
			t.Errorf("%d octets: %v", c.size, err)
		}
		if !c.ok && !errors.As(err, new(*headers.Error)) {
			t.Errorf("%d octets: %v", c.size, err)
		}
	}
}

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

func TestRepliesComeOneByOneAndTogether(t *testing.T) {
	client, server := newPipes()
	var got []delivered
	done := make(chan struct{})
	go func() {
		defer close(done)
		Serve(context.Background(), server, options(t, &got))
		server.close()
	}()
	client.expect(t, "220 mx.example ESMTP mailchute\r\n")
	client.say("NOOP\r\n")
	client.expect(t, "250 2.0.0 OK\r\n")
	client.say("MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n")
	client.expect(t, "250 2.1.0 sender taken\r\n250 2.1.5 recipient taken\r\n354 the text, and a dot on a line of its own\r\n")
	client.say("x\r\n.\r\nNOOP\r\nQU")
	client.expect(t, "250 2.0.0 taken as ID1\r\n250 2.0.0 OK\r\n")
	client.say("IT\r\n")
	client.expect(t, "221 2.0.0 mx.example bye\r\n")
	<-done
}

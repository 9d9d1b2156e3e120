package session

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

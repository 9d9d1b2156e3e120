package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"mailchute/relay/smtp/smtptest"
)

func many(n int) (r []Recipient) {
	for i := range n {
		r = append(r, Recipient{Path: fmt.Sprintf("r%d@x.example", i)})
	}
	return r
}

// lines is content of n octets with dots at the beginning of some lines.
func lines(n int) text {
	const block = "Subject: x\r\n\r\n.a line of text that begins with a dot\r\n..\r\nand one that does not\r\n"
	b := strings.Repeat(block, n/len(block)+1)[:max(n, 2)-2]
	return text(strings.TrimSuffix(b, "\r") + "\r\n")
}

// TestFlights: each flight is one write, and there are no more of them than SMTP
// and TLS need, whatever the number of recipients.
func TestFlights(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	tests := []struct {
		name     string
		config   *tls.Config
		implicit bool
		login    *Login
		want     int32
	}{
		{"in the clear: EHLO, envelope, content", nil, false, nil, 3},
		{"in the clear with login", nil, false, joe(), 3},
		{"TLS from the start: two of the handshake", config, true, joe(), 5},
		{"STARTTLS: EHLO, STARTTLS, and the handshake's end goes with the second EHLO", config, false, joe(), 6},
	}
	for _, tt := range tests {
		for _, recipients := range []int{1, 10, 100, 300} {
			for _, size := range []int{100, 2000, 60_000} {
				t.Run(fmt.Sprintf("%s/%d recipients/%d octets", tt.name, recipients, size), func(t *testing.T) {
					e, b := peer(t, tt.config, tt.implicit)
					o := Options{Hello: "me.example", TLS: TLS{RootsFile: ca.File}, Login: tt.login}
					conn := countWrites(&o)
					c, err := Connect(t.Context(), e, o)
					if err != nil {
						t.Fatal(err)
					}
					content := lines(size)
					r := c.Send(t.Context(), &Transaction{Sender: "me@a.example", Recipients: many(recipients), Content: content, Last: true})
					if r.Err != nil || r.Final == nil || r.Final.Code != 250 || r.accepted() != recipients {
						t.Fatalf("%+v", r)
					}
					if got := (*conn).writes.Load(); got != tt.want {
						t.Errorf("%d writes, want %d", got, tt.want)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					if len(b.messages) != 1 || !strings.HasSuffix(b.messages[0], ": "+string(content)) {
						t.Errorf("the message is not what was sent")
					}
				})
			}
		}
	}
}

// TestManyRecipients: a server that reads nothing while it has replies to write
// is no reason to stop.
func TestManyRecipients(t *testing.T) {
	client, server := net.Pipe() // no buffer at all
	go func() {
		defer server.Close()
		simple(server, nil, false, "PIPELINING")
	}()
	c, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "127.0.0.1:25"}, Options{
		Hello: "me.example", Dial: func(context.Context, string, string) (net.Conn, error) { return client, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	const n = 10_000
	r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(n), Content: lines(100)})
	if r.accepted() != n {
		t.Errorf("%d of %d accepted", r.accepted(), n)
	}
	var e *Error
	if !errors.As(r.Err, &e) || e.Phase != PhaseData || !e.Protocol { // simple says 250 to DATA
		t.Errorf("got %v", r.Err)
	}
}

// TestRefusedInTheMiddle: a server that refuses while content is on its way.
func TestRefusedInTheMiddle(t *testing.T) {
	e := listen(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		_, _ = io.WriteString(conn, "220 x\r\n")
		for _, answer := range []string{"250-x\r\n250-CHUNKING\r\n250 PIPELINING\r\n", "250 ok\r\n", "250 ok\r\n"} {
			_, _ = in.ReadString('\n')
			_, _ = io.WriteString(conn, answer)
		}
		for answer := "552 5.3.4 too big\r\n"; ; answer = "503 5.5.1 no transaction\r\n" {
			line, err := in.ReadString('\n')
			var size int64
			if _, none := fmt.Sscanf(line, "BDAT %d", &size); err != nil || none != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, in, size)
			_, _ = io.WriteString(conn, answer)
		}
	})
	for _, plainly := range []bool{false, true} {
		c, err := Connect(t.Context(), e, Options{NoPipelining: plainly})
		if err != nil {
			t.Fatal(err)
		}
		r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(1), Content: endless{}})
		if r.Err != nil || r.Final == nil || r.Final.Text() != "552 5.3.4 too big" || !c.Usable() {
			t.Errorf("one by one %v: final %v, %v", plainly, r.Final, r.Err)
		}
		c.abort()
	}
}

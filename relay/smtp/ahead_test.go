package smtp

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"mailchute/relay/smtp/smtptest"
)

// row is a row of transactions, each of which names the next one.
func row(n int, content func(i int) Content) []*Transaction {
	ts := make([]*Transaction, n)
	for i := range ts {
		ts[i] = &Transaction{Sender: "me@a.example", Recipients: many(1), Content: content(i), Last: i == n-1}
		ts[i].Next = func(Result) *Transaction { return ts[i+1] }
	}
	return ts
}

// TestARowOfMessagesTakesAFlightEach: an independent server takes content and the
// next envelope from one flight.
func TestARowOfMessagesTakesAFlightEach(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	for _, chunked := range []bool{true, false} {
		for _, sized := range []bool{true, false} {
			t.Run(fmt.Sprintf("bdat %v, size known %v", chunked, sized), func(t *testing.T) {
				e, b := peer(t, config, true)
				o := Options{Hello: "me.example", TLS: TLS{RootsFile: ca.File}, Login: joe()}
				conn := countWrites(&o)
				c, err := Connect(t.Context(), e, o)
				if err != nil {
					t.Fatal(err)
				}
				c.extensions.Chunking = chunked
				if err := c.Login(t.Context()); err != nil {
					t.Fatal(err)
				}
				const n = 20
				before := (*conn).writes.Load()
				want := n + int32(1) // one for each content, and the first envelope
				for i, tr := range row(n, func(i int) Content {
					content := Content(lines(100 + i))
					if !sized {
						content = unknown{content}
					}
					return content
				}) {
					if r := c.Send(t.Context(), tr); r.Err != nil || r.Final == nil || r.Final.Code != 250 {
						t.Fatalf("%d: %+v", i, r)
					}
				}
				if got := (*conn).writes.Load() - before; got != want {
					t.Errorf("%d writes, want %d", got, want)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				if len(b.messages) != n {
					t.Fatalf("%d messages", len(b.messages))
				}
				for i, m := range b.messages {
					if m != "me@a.example: r0@x.example: "+string(lines(100+i)) {
						t.Errorf("message %d is not what was sent", i)
					}
				}
			})
		}
	}
}

// FuzzRow: whatever a server says, the content of a message follows only where
// one of its own recipients was taken, each message goes over the wire once, and
// none counts as taken before that.
func FuzzRow(f *testing.F) {
	const hello = "220 x\r\n250-x\r\n250-PIPELINING\r\n"
	f.Add(hello + "250 CHUNKING\r\n250 ok\r\n250 ok\r\n250 taken\r\n250 reset\r\n250 ok\r\n250 ok\r\n250 taken\r\n250 reset\r\n250 ok\r\n550 no\r\n")
	f.Add(hello + "250 HELP\r\n250 ok\r\n250 ok\r\n354 go\r\n554 spam\r\n250 ok\r\n550 no\r\n354 go\r\n554 nobody\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
	f.Add(hello + "250 HELP\r\n250 ok\r\n250 ok\r\n354 go\r\n421 bye\r\n")
	f.Add(hello + "250 LIMITS MAILMAX=2\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n451 no\r\n250 ok\r\n354 go\r\n250 ok\r\n")
	f.Fuzz(func(t *testing.T, server string) {
		conn := &said{in: strings.NewReader(server)}
		c, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "127.0.0.1:25"}, Options{
			Hello: "me.example", Dial: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		})
		if err != nil {
			return
		}
		for i, tr := range row(3, func(i int) Content { return text(fmt.Sprintf("text of message %d\r\n", i)) }) {
			if !c.Usable() {
				break
			}
			r := c.Send(t.Context(), tr)
			sent := strings.Count(conn.out.String(), fmt.Sprintf("text of message %d\r\n", i))
			if sent > 1 || sent > 0 && r.accepted() == 0 {
				t.Fatalf("message %d was sent %d times, %+v: %q", i, sent, r, conn.out.String())
			}
			if sent == 0 && r.Final != nil {
				t.Fatalf("message %d has its reply before it was sent: %q", i, conn.out.String())
			}
			if strings.Contains(conn.out.String(), fmt.Sprintf("text of message %d\r\n", i+1)) {
				t.Fatalf("message %d came before its turn: %q", i+1, conn.out.String())
			}
		}
		_ = c.Close()
	})
}

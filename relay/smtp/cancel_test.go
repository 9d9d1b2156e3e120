package smtp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"mailchute/relay/reply"
)

// TestCancel: a call ends when its context does.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "220 x\r\n")
		_, _ = bufio.NewReader(conn).ReadString('\n')
		cancel()
		_, _ = io.Copy(io.Discard, conn)
	})
	_, err := Connect(ctx, e, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestGivingUpWaitsForTheWordOnAMessage: what the server has taken is known, even
// when the caller gives up just before the server says so.
func TestGivingUpWaitsForTheWordOnAMessage(t *testing.T) {
	for _, c := range []struct {
		name  string
		when  string // the line behind which the caller gives up
		taken bool
	}{
		{"before the content nothing is sent", "DATA", false},
		{"behind it the reply is heard", ".", true},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan bool, 1)
		e := listen(t, func(conn net.Conn) {
			in := bufio.NewScanner(conn)
			_, _ = io.WriteString(conn, "220 x\r\n")
			for text := false; in.Scan(); {
				if in.Text() == c.when {
					cancel()
				}
				switch {
				case in.Text() == ".":
					text = false
				case text:
					continue
				case in.Text() == "DATA":
					text = true
					_, _ = io.WriteString(conn, "354 go on\r\n")
					continue
				}
				_, _ = io.WriteString(conn, "250 x\r\n")
				if in.Text() == "." {
					got <- true
					return
				}
			}
			got <- false
		})
		conn, err := Connect(ctx, e, Options{Hello: "me.example"})
		if err != nil {
			t.Fatal(err)
		}
		r := conn.Send(ctx, &Transaction{Sender: "a@b.example", Recipients: many(1), Content: lines(100)})
		if has := <-got; has != c.taken || is(r.Final, reply.Success) != c.taken {
			t.Errorf("%s: the server has it: %v, %+v", c.name, has, r)
		}
		_ = conn.Close()
	}
}

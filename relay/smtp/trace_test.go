package smtp

import (
	"context"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrace(t *testing.T) {
	var got []string
	peer := &player{t: t, script: []string{
		"S: 220 mx.example", "C: EHLO me.example", "S: 250-mx.example", "S: 250-PIPELINING", "S: 250 AUTH PLAIN",
		"C: AUTH PLAIN AGpvZQBodW50ZXIyMg==", "C: MAIL FROM:<a@b>", "C: RCPT TO:<r0@x.example>",
		"S: 235-2.7.0 hello", "S: 235 2.7.0 joe", "S: 250 2.1.0 a\x1bb", "S: 250",
		"C: DATA", "S: 354 go on", "C: x", "C: .", "C: QUIT", "S: 250 queued",
	}}
	c, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "127.0.0.1:587"}, Options{
		Hello: "me.example", Login: joe(), Trace: func(l string) { got = append(got, l) },
		Dial: func(context.Context, string, string) (net.Conn, error) { return peer, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(1), Content: text("x\r\n"), Last: true}); r.Err != nil {
		t.Error(r.Err)
	}
	want := []string{
		"S: 220 mx.example", "C: EHLO me.example", "S: 250-mx.example", "S: 250-PIPELINING", "S: 250 AUTH PLAIN",
		"C: AUTH PLAIN [secret]", "C: MAIL FROM:<a@b>", "C: RCPT TO:<r0@x.example>",
		"S: 235-2.7.0 hello", "S: 235 2.7.0 joe", "S: 250 2.1.0 a b", "S: 250 ",
		"C: DATA", "S: 354 go on", "C: [content, 3 octets]", "C: .", "C: QUIT", "S: 250 queued",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

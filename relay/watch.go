package relay

import (
	"io"

	"mailchute/relay/smtp"
)

// watched is content that tells how much of it has gone. Who watches does without
// the short ways from file to socket.
type watched struct {
	smtp.Content
	sent func(n, of int64)
}

func (c watched) WriteTo(w io.Writer) (int64, error) {
	return c.Content.WriteTo(&teller{w: w, of: c.Size(), sent: c.sent})
}

type teller struct {
	w     io.Writer
	n, of int64
	sent  func(n, of int64)
}

func (t *teller) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.n += int64(n)
	t.sent(t.n, t.of)
	return n, err
}

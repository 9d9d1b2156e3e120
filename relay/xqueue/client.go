package xqueue

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"mailchute/relay/queue"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
)

// ErrNotOffered is a server that does not let its queue be seen: an older one, or
// another program.
var ErrNotOffered = errors.New("the server there does not tell its queue; it is an older mailchute, or another program")

// RefusedError is a refusal in the server's own words.
type RefusedError struct{ Reply reply.Reply }

// Error is the reply.
func (e *RefusedError) Error() string { return e.Reply.Text() }

// Client is a connection to a server whose queue can be seen. It is for one
// goroutine.
type Client struct {
	conn *smtp.Conn
}

// Dial connects to the socket at path. Errors are ErrNotOffered and *smtp.Error.
func Dial(ctx context.Context, path string, o smtp.Options) (*Client, error) {
	conn, err := smtp.Connect(ctx, smtp.Endpoint{Network: "unix", Address: path, Host: "unix:" + path}, o)
	if err != nil {
		return nil, err
	}
	if !conn.Extensions().XQueue {
		conn.Close()
		return nil, ErrNotOffered
	}
	return &Client{conn}, nil
}

// Close ends the connection.
func (c *Client) Close() { c.conn.Close() }

// List hands the messages that f picks to each, oldest first. What they hold was
// written by the server, and may be anything.
func (c *Client) List(ctx context.Context, f Filter, each func(queue.Summary) error) error {
	return c.objects(ctx, Command{Verb: List, Filter: f}, func(text []byte) error {
		s, err := summary(text)
		if err != nil {
			return err
		}
		return each(s)
	})
}

// Show is what became of one message.
func (c *Client) Show(ctx context.Context, id string) (s queue.Summary, err error) {
	err = c.objects(ctx, Command{Verb: Show, ID: id}, func(text []byte) (err error) {
		s, err = summary(text)
		return err
	})
	if err == nil && s.ID == "" {
		err = ErrMalformed
	}
	return s, err
}

// Read writes the text of one message to w.
func (c *Client) Read(ctx context.Context, id string, w io.Writer) error {
	return c.ask(ctx, Command{Verb: Read, ID: id}, texts{w}.line)
}

// Asked is the answer to FLUSH.
type Asked struct {
	Messages int `json:"asked"` // that are tried now
}

// Flush asks the server to try what waits, and tells how many messages that are.
func (c *Client) Flush(ctx context.Context, f Filter) (Asked, error) {
	var a Asked
	err := c.objects(ctx, Command{Verb: Flush, Filter: f}, func(text []byte) error {
		if json.Unmarshal(text, &a) != nil {
			return ErrMalformed
		}
		return nil
	})
	return a, err
}

// Do is a verb that changes one message.
func (c *Client) Do(ctx context.Context, v Verb, id string) error {
	return c.ask(ctx, Command{Verb: v, ID: id}, func(string) error { return nil })
}

// objects says a command that is answered with objects.
func (c *Client) objects(ctx context.Context, command Command, found func(text []byte) error) error {
	o := objects{found: found}
	err := c.ask(ctx, command, o.line)
	if err == nil && len(o.text) > 0 { // the last one has no end
		return ErrMalformed
	}
	return err
}

// ask says a command. Errors are queue.ErrGone, queue.ErrBusy, queue.ErrHeld,
// *RefusedError, ErrMalformed, *smtp.Error, and those of each.
func (c *Client) ask(ctx context.Context, command Command, each func(line string) error) error {
	r, err := c.conn.Ask(ctx, command.String(), each)
	switch {
	case err != nil:
		return err
	case r.Class() == reply.Success:
		return nil
	case r.Code == 550:
		return queue.ErrGone
	case r.Code == 450 && r.Enhanced.Subject != 7: // else it was asked for too often, and the words say so
		return queue.ErrBusy
	case r.Code == 554:
		return queue.ErrHeld
	}
	return &RefusedError{*r}
}

func summary(text []byte) (queue.Summary, error) {
	var s queue.Summary
	if err := json.Unmarshal(text, &s); err != nil {
		return s, ErrMalformed
	}
	if s.Recipients == nil {
		s.Recipients = []string{}
	}
	if s.Fates == nil {
		s.Fates = []queue.Fate{}
	}
	return s, nil
}

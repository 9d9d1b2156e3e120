package servetest

import (
	"path/filepath"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
)

// queue opens the server's queue beside it.
func (b *Box) queue() *queue.Queue {
	b.T.Helper()
	q, err := queue.Open(filepath.Join(b.Dir, "queue"))
	NoError(b.T, err)
	return q
}

// Keep puts a message of a user into the server's queue that nobody will send now.
func (b *Box) Keep(uid int, sender string) string {
	b.T.Helper()
	q := b.queue()
	defer q.Close()
	e := Waiting()
	e.UID, e.Submitted, e.Held, e.Envelope.Sender.Local = uid, time.Now(), true, sender
	e.Message = &message.Message{Header: []byte("Subject: " + sender + "\r\n"), Body: message.NewBody([]byte("x\r\n"), message.Traits{Size: 3, WireSize: 3, LongestLine: 1, Canonical: true})}
	id, err := q.Accept(e)
	if err != nil {
		b.T.Fatal(err)
	}
	return id
}

// Ids is what the server holds.
func (b *Box) Ids() map[string]bool {
	q := b.queue()
	defer q.Close()
	ids := map[string]bool{}
	for e := range q.List() {
		ids[e.ID] = true
	}
	return ids
}

// Waiting is a message that waits, with recipients of every kind.
func Waiting() queue.Entry {
	e := queue.Entry{ID: "361nsm8qyydrhx", Size: 4769, Submitted: time.Date(2026, 4, 9, 6, 35, 5, 0, time.Local),
		Envelope: &envelope.Envelope{Sender: address.Addr{Local: "sender", Domain: "example.com"}}}
	add := func(local string, o envelope.Outcome) {
		a := address.Addr{Local: local, Domain: "example.com"}
		e.Envelope.Recipients = append(e.Envelope.Recipients, &envelope.Recipient{Original: a, Address: a, Outcome: o})
		e.Retries = append(e.Retries, queue.Retry{})
	}
	later := envelope.Outcome{State: envelope.Deferred, Reply: &reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 2}, Lines: []string{"later\x1b[31m"}}}
	add("a", later)
	add("new", envelope.Outcome{})
	add("done", envelope.Outcome{State: envelope.Delivered})
	add("b", later)
	return e
}

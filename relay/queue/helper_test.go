package queue

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/reply"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string) *Queue {
	t.Helper()
	q, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// fresh is an empty queue whose directory is not there yet.
func fresh(t testing.TB) *Queue { return open(t, filepath.Join(t.TempDir(), "state", "queue")) }

func addr(s string) address.Addr {
	l, d, _ := strings.Cut(s, "@")
	return address.Addr{Local: l, Domain: d}
}

func text(body string) *message.Message {
	var s message.Scanner
	io.WriteString(&s, body)
	return &message.Message{Header: []byte("Subject: hi\r\n"), Body: message.NewBody([]byte(body), s.Traits())}
}

func letter(to ...string) Entry {
	e := Entry{Submitted: noon, Message: text("hello\n"), Envelope: &envelope.Envelope{Sender: addr("alice@example.net")}}
	for _, a := range to {
		e.Envelope.Recipients = append(e.Envelope.Recipients, &envelope.Recipient{Original: addr(a), Address: addr(a)})
	}
	return e
}

func accept(t testing.TB, q *Queue, e Entry) string {
	t.Helper()
	id, err := q.Accept(e)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func acquire(t testing.TB, q *Queue, id string) *Item {
	t.Helper()
	it, err := q.Acquire(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(it.Release)
	return it
}

func ids(t testing.TB, seq func(func(string, error) bool)) []string {
	t.Helper()
	var got []string
	for id, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	return got
}

func listed(t testing.TB, seq func(func(Entry, error) bool)) []string {
	t.Helper()
	var got []string
	for e, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.ID)
	}
	return got
}

var delivered = envelope.Outcome{State: envelope.Delivered, Cause: envelope.CauseReply, Reply: &reply.Reply{Code: 250, Lines: []string{"ok"}}}

var deferred = envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseReply, Server: "mx.example.org",
	Reply: &reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 2, Detail: 1}, Lines: []string{"busy"}, Command: "RCPT"}}

var refused = envelope.Outcome{State: envelope.Failed, Cause: envelope.CauseReply, Status: reply.Enhanced{Class: 5, Subject: 1, Detail: 1},
	Reply: &reply.Reply{Code: 550, Lines: []string{"no such user"}}}

// files is every file below the queue directory.
func files(t testing.TB, q *Queue) []string {
	t.Helper()
	var fs []string
	err := filepath.WalkDir(q.path, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			fs = append(fs, strings.TrimPrefix(p, q.path+"/"))
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return fs
}

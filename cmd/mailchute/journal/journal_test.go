package journal

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/logbook"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
)

// written is the log that do leaves.
func written(t *testing.T, do func(*Journal)) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	book, err := logbook.Open(file, "text", "")
	if err != nil {
		t.Fatal(err)
	}
	j := New(book, "", "me")
	do(j)
	j.Finish(exit.OK)
	j.Close()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func addr(local string) address.Addr { return address.Addr{Local: local, Domain: "x.example"} }

// TestARedirectIsLoggedWithItsMessageAndWhomTheSenderNamed: of a chain that is
// remembered the last hop alone is told.
func TestARedirectIsLoggedWithItsMessageAndWhomTheSenderNamed(t *testing.T) {
	r := &envelope.Recipient{Original: addr("a"), Trail: []envelope.Hop{{From: addr("a"), To: addr("b"), Code: 557, Remembered: true}, {From: addr("b"), To: addr("c"), Code: 557, Remembered: true}}}
	for want, env := range map[string]*envelope.Envelope{
		"id=abc event=redirect from=<me@x.example> to=<c@x.example> orig_to=<a@x.example>": {Sender: addr("me"), QueueID: "abc"},
		"event=redirect from=<> to=<c@x.example> orig_to=<a@x.example>":                    {},
	} {
		if log := written(t, func(j *Journal) { j.Redirected(env, r, "") }); !strings.Contains(log, want) {
			t.Errorf("%q is not in %s", want, log)
		}
	}
}

// TestTheSizeIsThatOnTheWireWheneverItIsSent: piped in with LF, at once or from the
// queue.
func TestTheSizeIsThatOnTheWireWheneverItIsSent(t *testing.T) {
	const body = "one\ntwo\n"
	var s message.Scanner
	io.WriteString(&s, body)
	m := &message.Message{Header: []byte("Subject: s\r\n"), Body: message.NewBody([]byte(body), s.Traits())}
	env := &envelope.Envelope{Recipients: []*envelope.Recipient{{Original: addr("a"), Address: addr("a")}}}
	const want = "size=24" // 12 of the header, 2 and 10
	if log := written(t, func(j *Journal) { j.Delivered(&inject.Submission{Message: m}, env, relay.Attempt{}, "") }); !strings.Contains(log, want) {
		t.Errorf("at once: %s", log)
	}
	e := &queue.Entry{Envelope: env, Message: m, Size: 22}
	if log := written(t, func(j *Journal) { j.Attempted(runner.Event{Entry: e, Tried: []int{0}}) }); !strings.Contains(log, want) {
		t.Errorf("from the queue: %s", log)
	}
}

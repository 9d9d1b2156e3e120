package serve

import (
	"testing"
	"time"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
)

// testEntry is a message for the queue.
func testEntry() queue.Entry {
	to := address.Addr{Local: "a", Domain: "example.org"}
	return queue.Entry{
		Submitted: time.Now(),
		Envelope:  &envelope.Envelope{Recipients: []*envelope.Recipient{{Original: to, Address: to}}},
		Message:   &message.Message{Header: []byte("Subject: x\r\n"), Body: message.NewBody([]byte("x\r\n"), message.Traits{Size: 3})},
	}
}

func TestTheQueueIsCountedOnceForManyScrapes(t *testing.T) {
	q, err := queue.Open(t.TempDir() + "/queue")
	servetest.NoError(t, err)
	defer q.Close()
	d := depth{queue: q}
	now := time.Now()
	if n, oldest := d.look(now); n != 0 || !oldest.IsZero() {
		t.Errorf("%d, %v", n, oldest)
	}
	_, err = q.Accept(testEntry())
	servetest.NoError(t, err)
	if n, _ := d.look(now.Add(countEvery - time.Second)); n != 0 {
		t.Error("it was counted again at once")
	}
	if n, oldest := d.look(now.Add(time.Hour)); n != 1 || oldest.IsZero() {
		t.Errorf("%d, %v", n, oldest)
	}
}

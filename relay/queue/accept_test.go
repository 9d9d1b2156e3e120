package queue

import (
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
)

// TestAMessageIsTakenWholeOrNotAtAll: a mailing list among the recipients makes two
// envelopes of a message. When the second cannot be kept the client is told that
// nothing was, so the first must not be sent either.
func TestAMessageIsTakenWholeOrNotAtAll(t *testing.T) {
	q, err := Open(t.TempDir() + "/queue")
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	entry := func(size int64) Entry {
		to := address.Addr{Local: "a", Domain: "example.org"}
		return Entry{
			Envelope: &envelope.Envelope{Recipients: []*envelope.Recipient{{Original: to, Address: to}}},
			Message:  &message.Message{Header: []byte("Subject: x\r\n"), Body: message.NewBody([]byte("x\r\n"), message.Traits{Size: size})},
		}
	}
	good, bad := entry(3), entry(4) // one body is not what it says
	if ids, err := q.AcceptAll([]Entry{good, bad}); err == nil || ids != nil {
		t.Errorf("%q, %v", ids, err)
	}
	for e := range q.List() {
		t.Errorf("%s is there", e.ID)
	}
	if ids, err := q.AcceptAll([]Entry{good, good}); err != nil || len(ids) != 2 {
		t.Errorf("%q, %v", ids, err)
	}
}

package inject

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

func TestFieldsAskForParametersOfTheEnvelope(t *testing.T) {
	h, err := headers.Read(bufio.NewReader(strings.NewReader("MT-Priority: 4\nRequire-Recipient-Valid-Since: ann; Sat, 1 Jun 2013 09:23:01 -0700\n\n")))
	if err != nil {
		t.Fatal(err)
	}
	ann := &envelope.Recipient{Original: address.Addr{Local: "ann", Domain: "here.example"}}
	bob := &envelope.Recipient{Original: address.Addr{Local: "bob", Domain: "here.example"}}
	seven := 7
	s := &Submission{
		Who: Who{Domain: "here.example"}, recipients: []*envelope.Recipient{ann, bob},
		Envelopes: []*envelope.Envelope{{Recipients: []*envelope.Recipient{ann}}, {Recipients: []*envelope.Recipient{bob}, Options: envelope.Options{Priority: &seven}}},
	}
	s.wishes(h)
	if got := s.Envelopes[0].Options.Priority; got == nil || *got != 4 {
		t.Errorf("the field's priority was not taken: %v", got)
	}
	if got := *s.Envelopes[1].Options.Priority; got != 7 {
		t.Errorf("the field overruled the command line: %d", got)
	}
	if want := time.Date(2013, 6, 1, 16, 23, 1, 0, time.UTC); !ann.ValidSince.Equal(want) {
		t.Errorf("ann is to be valid since %v, want %v", ann.ValidSince, want)
	}
	if !bob.ValidSince.IsZero() {
		t.Errorf("bob is to be valid since %v", bob.ValidSince)
	}
}

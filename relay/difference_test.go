package relay

import (
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/smtp"
)

func TestAPreviewShowsWhatAServerGetsOtherwise(t *testing.T) {
	long := "X-Long: " + strings.Repeat("word ", 300) + "end\r\n"
	priority := 3
	for _, c := range []struct {
		name, header, body string
		ext                smtp.Extensions
		priority           *int
		changes            string // before > after, unfolded and short
		converted          bool
	}{
		{name: "nothing", header: "Subject: x\r\n", body: "hi\n"},
		{name: "no line end in the end", header: "Subject: x\r\n", body: "hi"},
		{name: "no body", header: "Subject: x\r\n"},
		{name: "CR LF and LF, and an empty line", header: "Subject: x\r\n", body: "\r\nhi\n\nho\r\n"},
		{name: "8-bit text in the header", header: "Subject: ä\r\nA: b\r\n", body: "hi\n", changes: "Subject: ä > Subject: =?utf-8?b?w6Q=?="},
		{name: "a domain with a U-label", header: "A: b\r\nTo: a@ä.example\r\n", body: "hi\n", changes: "To: a@ä.example > To: a@xn--4ca.example"},
		{name: "a long field", header: long, body: "hi\n", changes: "X-Long: word word wor > X-Long: word word wor"},
		{name: "a priority that the server has no parameter for", header: "MT-Priority: 1\r\nA: b\r\n", body: "hi\n", priority: &priority, changes: "MT-Priority: 1 > ;  > MT-Priority: 3"},
		{name: "a bare CR", header: "A: b\r\n", body: "a\rb\n", converted: true},
		{name: "a body in 8 bits", header: "A: b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 8bit\r\n", body: "ä\n", converted: true,
			changes: "Content-Transfer-Encoding: 8bit > Content-Transfer-Enco"},
		{name: "a part with 8-bit text in its header", header: "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n", body: "Subject: ä\n\nhi\n", converted: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s message.Scanner
			s.Write([]byte(c.body))
			msg := &message.Message{Header: []byte(c.header), Body: message.NewBody([]byte(c.body), s.Traits())}
			to := address.Addr{Local: "you", Domain: "x.example"}
			env := &envelope.Envelope{Options: envelope.Options{Priority: c.priority}, Recipients: []*envelope.Recipient{{Original: to, Address: to}}}
			p := (&Relay{}).Preview(env, msg, c.ext, true, false)
			var got []string
			for _, f := range p.Changes {
				got = append(got, short(f.Before.Raw())+" > "+short(f.After.Raw()))
			}
			if got := strings.Join(got, "; "); got != c.changes {
				t.Errorf("got  %s\nwant %s", got, c.changes)
			}
			if (p.Body != "") != c.converted {
				t.Errorf("body: %q", p.Body)
			}
		})
	}
}

func short(raw []byte) string {
	s := strings.TrimRight(string(raw), "\r\n")
	if len(s) > 40 {
		s = s[:21]
	}
	return s
}

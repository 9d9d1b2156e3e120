package relay

import (
	"path/filepath"
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

func TestAPreviewSaysWhatWouldBeSaidAndChangesNothing(t *testing.T) {
	old, moved := address.Addr{Local: "old", Domain: "x.example"}, address.Addr{Local: "new", Domain: "y.example"}
	memory := redirect.OpenMemory(filepath.Join(t.TempDir(), "redirects"))
	if err := memory.Learn(redirect.Entry{Old: old, New: moved, Code: 557}); err != nil {
		t.Fatal(err)
	}
	priority := 3
	env := &envelope.Envelope{
		Sender:  address.Addr{Local: "me", Domain: "x.example"},
		Options: envelope.Options{Priority: &priority},
		Recipients: []*envelope.Recipient{
			{Original: old, Address: old, Notify: envelope.Notify{Failure: true}},
			{Original: address.Addr{Local: "jörg", Domain: "x.example"}, Address: address.Addr{Local: "jörg", Domain: "x.example"}},
		},
	}
	msg := &message.Message{Header: []byte("Subject: x\r\n"), Body: message.NewBody([]byte("hi\r\n"), message.Traits{})}
	r := &Relay{Memory: memory, Smarthosts: []route.Smarthost{{Scheme: route.MX}},
		Redirect: redirect.Policy{Follow: redirect.FollowVerified, Codes: []int{557}, MaxHops: 5, Remember: true, AllowDomains: []string{"*"}}}

	p := r.Preview(env, msg, smtp.Extensions{Size: true, DSN: true, Chunking: true, SMTPUTF8: true, EightBitMIME: true, MTPriority: true}, true, true)
	if got := strings.Join(p.Commands, "\n"); !strings.Contains(got, "RCPT TO:<new@y.example> NOTIFY=FAILURE ORCPT=rfc822;old@x.example\nBDAT ... LAST") || strings.Count(got, "MAIL FROM") != 2 {
		t.Errorf("%s", got)
	}
	if len(p.Notes) != 0 || len(p.Recipients[0].Trail) != 1 {
		t.Errorf("%+v", p)
	}

	p = r.Preview(env, msg, smtp.Extensions{}, true, false)
	if o := p.Recipients[1].Outcome; o.State != envelope.Failed || o.Cause != envelope.CauseUnsupported {
		t.Errorf("an address that cannot go: %+v", o)
	}
	if got := strings.Join(p.Commands, "\n"); got != "MAIL FROM:<me@x.example>\nRCPT TO:<new@y.example>\nDATA" {
		t.Errorf("%s", got)
	}
	if len(p.Notes) != 2 {
		t.Errorf("%q", p.Notes)
	}
	if env.Recipients[0].Address != old || env.Recipients[1].Outcome != (envelope.Outcome{}) {
		t.Error("the envelope was changed")
	}
}

package session

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay/envelope"
)

func TestParametersComeOutAsValues(t *testing.T) {
	var got []delivered
	_, sum, err := talk(options(t, &got), crlf(`EHLO client.example
MAIL FROM:<ä@x.example> SIZE=100 BODY=8BITMIME SMTPUTF8 RET=hdrs ENVID=a+2Bb+20c MT-PRIORITY=-3 BY=120;NT HOLDFOR=60 REQUIRETLS
RCPT TO:<"b c"@y.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;old+2Bone@z.example RRVS=2029-01-01T00:00:00Z;r
RCPT TO:<d@y.example> NOTIFY=NEVER ORCPT=x400;whatever
RCPT TO:<e@y.example> ORCPT=utf-8;\x{E4}@z.example
DATA
Subject: x

text
.
QUIT
`))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	priority := -3
	want := Mail{
		Hello: "client.example", Extended: true, Transaction: inject.Transaction{Sender: address.Addr{Local: "ä", Domain: "x.example"},
			Options: envelope.Options{
				Return: envelope.ReturnHeaders, EnvelopeID: "a+b c", EightBit: true, SMTPUTF8: true, RequireTLS: true, Priority: &priority,
				DeliverBy: &envelope.DeliverBy{Deadline: noon.Add(2 * time.Minute), Trace: true},
				Hold:      &envelope.Hold{Until: noon.Add(time.Minute), For: time.Minute},
			},
			Recipients: []inject.Mailbox{
				{Address: address.Addr{Local: "b c", Domain: "y.example"}, ORCPT: "rfc822;old+2Bone@z.example",
					Notify: envelope.Notify{Success: true, Delay: true}, ValidSince: time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC), ValidElse: envelope.Reject},
				{Address: address.Addr{Local: "d", Domain: "y.example"}, ORCPT: "x400;whatever", Notify: envelope.Notify{Never: true}},
				{Address: address.Addr{Local: "e", Domain: "y.example"}, ORCPT: "utf-8;ä@z.example"},
			}},
	}
	mail := got[0].Mail
	mail.Text = nil
	if diff := cmp.Diff(want, mail); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got[0].text != "Subject: x\r\n\r\ntext\r\n" {
		t.Errorf("text %q", got[0].text)
	}
	if sum.Accepted != 1 || sum.Refused != 0 || sum.Errors != 0 || sum.Commands != 7 {
		t.Errorf("summary %+v", sum)
	}
}

func TestParametersThatAreRefused(t *testing.T) {
	for _, c := range []struct{ command, want string }{
		{"MAIL FROM:<a@x.example> SIZE=9999999999999999999", "552 5.3.4"},
		{"MAIL FROM:<a@x.example> SIZE=ten", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> BODY=BINARY", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> BODY", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> SMTPUTF8=yes", "501 5.5.4"},
		{"MAIL FROM:<ä@x.example>", "553 5.6.7"},
		{"MAIL FROM:<a@x.example> RET=SOME", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> RET=FULL RET=FULL", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> ENVID=a+zz", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> ENVID=a+0Ab", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> MT-PRIORITY=10", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> MT-PRIORITY=-", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> BY=0;R", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> BY=60", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> HOLDFOR=60 HOLDUNTIL=2030-02-01T00:00:00Z", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> HOLDFOR=259201", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> HOLDUNTIL=tomorrow", "501 5.5.4"},
		{"MAIL FROM:<a@x.example> AUTH=<>", "555 5.5.4"},
		{"MAIL FROM:<a@x.example> NOTIFY=NEVER", "555 5.5.4"},
		{"MAIL FROM:<a@x.example> =x", "501 5.5.4"},
		{"MAIL FROM:<a@x.example>SIZE=5", "501 5.5.4"},
		{"MAIL FROM:<a@x.example", "501 5.5.4"},
		{"MAIL FROM:<a b@x.example>", "501 5.1.7"},
		{"MAIL FROM:<a@-x.example>", "501 5.1.7"},
		{"MAIL FROM:<a(comment)@x.example>", "501 5.1.7"},
		{"MAIL FROM:<a@x.example>\tSIZE=5", "500 5.5.2"},
		{"MAIL FROM:<a@x.example>\rRCPT TO:<b@y.example>", "500 5.5.2"},
		{"MAIL FROM:<\xff@x.example> SMTPUTF8", "500 5.5.2"},
		{"NOOP " + strings.Repeat("x", 3000), "500 5.5.2"},
		{"NOOP " + strings.Repeat("x", 30000), "500 5.5.2"},
	} {
		var got []delivered
		out, _, _ := talk(options(t, &got), c.command+"\r\nNOOP\r\n")
		lines := strings.Split(out, "\r\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[1], c.want) || lines[2] != "250 2.0.0 OK" {
			t.Errorf("%.60q: %q, want %s", c.command, lines, c.want)
		}
	}
	for _, c := range []struct{ parameters, want string }{
		{"NOTIFY=", "501"}, {"NOTIFY=NEVER,DELAY", "501"}, {"NOTIFY=DELAY,DELAY", "501"}, {"NOTIFY=SOMETIMES", "501"},
		{"ORCPT=a@b", "501"}, {"ORCPT=;a@b", "501"}, {"ORCPT=rfc822;a+0d", "501"}, {`ORCPT=utf-8;\x{110000}`, "501"}, {"ORCPT=rfc822;" + strings.Repeat("x", 494), "501"}, {"ORCPT=rfc822;a+b", "501"}, {"RRVS=now", "501"}, {"RRVS=2029-01-01T00:00:00Z;X", "501"}, {"SIZE=5", "555"},
	} {
		var got []delivered
		out, _, _ := talk(options(t, &got), "MAIL FROM:<>\r\nRCPT TO:<b@y.example> "+c.parameters+"\r\n")
		if lines := strings.Split(out, "\r\n"); !strings.HasPrefix(lines[2], c.want) {
			t.Errorf("%s: %q, want %s", c.parameters, lines[2], c.want)
		}
	}
}

func TestWhatIsNotOfferedIsRefused(t *testing.T) {
	var got []delivered
	o := options(t, &got)
	o.RequireTLS, o.MaxHold = false, 0
	for _, p := range []string{"REQUIRETLS", "HOLDFOR=5"} {
		out, _, _ := talk(o, "EHLO x\r\nMAIL FROM:<> "+p+"\r\n")
		if strings.Contains(out, "REQUIRETLS\r\n250") || strings.Contains(out, "FUTURERELEASE") || !strings.Contains(out, "\r\n555 5.5.4 ") {
			t.Errorf("%s: %q", p, out)
		}
	}
}

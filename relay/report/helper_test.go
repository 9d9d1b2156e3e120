package report_test

import (
	"io"
	"strings"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/reply"
	"mailchute/relay/report"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))

var stamp = report.Stamp{
	From: addr("mailer-daemon@example.net"), Host: "pc.example.net", Date: noon.Add(time.Hour),
	MessageID: "r1@pc.example.net", Boundary: "=_b0undary",
}

func addr(s string) address.Addr {
	l, d, _ := strings.Cut(s, "@")
	return address.Addr{Local: l, Domain: d}
}

func original(header, body string, rs ...*envelope.Recipient) report.Original {
	var scan message.Scanner
	io.WriteString(&scan, body)
	return report.Original{
		Envelope:  &envelope.Envelope{Sender: addr("alice@example.net"), Recipients: rs},
		Message:   &message.Message{Header: []byte(header), Body: message.NewBody([]byte(body), scan.Traits())},
		ID:        "34qx9nnw80pd5x",
		Submitted: noon,
	}
}

const plain = "From: alice@example.net\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= to all\r\nMessage-ID: <m1@pc.example.net>\r\n"

func recipient(a string, s envelope.State, r *reply.Reply) *envelope.Recipient {
	return &envelope.Recipient{Original: addr(a), Address: addr(a), Outcome: envelope.Outcome{
		State: s, Cause: envelope.CauseReply, Reply: r, Server: "mx.example.org",
	}}
}

var (
	unknown = &reply.Reply{Code: 550, Enhanced: reply.Enhanced{Class: 5, Subject: 1, Detail: 1}, Lines: []string{"no such user", "here"}, Command: "RCPT"}
	busy    = &reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 2, Detail: 1}, Lines: []string{"busy"}, Command: "RCPT"}
	taken   = &reply.Reply{Code: 250, Enhanced: reply.Enhanced{Class: 2, Subject: 1, Detail: 5}, Lines: []string{"ok"}, Command: "RCPT"}
)

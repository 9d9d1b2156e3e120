package headers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers"
)

func TestRecipients(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"all fields of To, Cc and Bcc count", "To: a@x.example\nBCC : b@x.example,\n\tc@x.example\nto: d@x.example\nCc: e@x.example", "a@x.example b@x.example c@x.example d@x.example e@x.example"},
		{"members of groups count", "To: g: a@x.example, B <b@x.example>;, c@x.example", "a@x.example b@x.example c@x.example"},
		{"empty list members are none", "To: , root", "root"},
		{"a malformed element is there with its error", "To: bob@@x, a@x.example", "! a@x.example"},
		{"other fields do not count", "From: a@x.example\nReply-To: b@x.example\nX-To: c@x.example", ""},
		{"of a message that was resent the first block counts alone", "Received: by x\nResent-To: a@x.example\nResent-From: f@x.example\nresent-bcc: b@x.example\nReceived: by y\nResent-To: old@x.example\nTo: orig@x.example\nBcc: blind@x.example", "a@x.example b@x.example"},
		{"several Resent-To of a block count", "Resent-To: a@x.example\nResent-To: b@x.example\nResent-From: f@x.example\nTo: orig@x.example", "a@x.example b@x.example"},
		{"blocks need no trace field between", "Resent-From: f@x.example\nResent-To: a@x.example\nResent-From: g@x.example\nResent-To: old@x.example", "a@x.example"},
		{"any Resent- field will do", "Resent-Date: x\nTo: orig@x.example", ""},
		{"a field is not resent for a part of the name", "Resents: x\nResent: y\nTo: orig@x.example", "orig@x.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range headers.Recipients(read(t, tt.header+"\n\n")) {
				if e.Err != nil {
					got = append(got, "!")
				} else {
					got = append(got, e.Addr.String())
				}
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOriginator(t *testing.T) {
	tests := []struct{ name, header, want string }{
		{"name, comments and folds are taken off", "From: \"A, B\"\n (cmt <x@y.example>)\n <real@x.example> (c)", "real@x.example"},
		{"the first of several", "From: a@x.example, b@x.example", "a@x.example"},
		{"the first that is well formed", "From: a@@x, b@x.example", "b@x.example"},
		{"none", "To: a@x.example", ""},
		{"malformed", "From: a@@x", ""},
		{"Resent-From of the first block", "Resent-From: r@x.example\nFrom: a@x.example", "r@x.example"},
		{"no Resent-From", "Resent-To: r@x.example\nFrom: a@x.example", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := headers.Originator(read(t, tt.header+"\n\n")).String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRewriteLeavesItsInputAlone(t *testing.T) {
	h := read(t, "Bcc: a@x.example\nReturn-Path: <>\nFrom: root\n\n")
	before := string(h.Bytes())
	p := basicPolicy()
	p.Domain = "example.net"
	if _, _, err := headers.Rewrite(h, p); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, string(h.Bytes())); diff != "" {
		t.Error(diff)
	}
}

func TestChangesTellBeforeAndAfter(t *testing.T) {
	p := basicPolicy()
	p.Domain = "example.net"
	_, changes, err := headers.Rewrite(read(t, "From: root\nBcc: b\nTo: c@x.example\nDate: x\n"), p)
	if err != nil {
		t.Fatal(err)
	}
	want := []headers.Change{
		{Rule: "address qualified (RFC 6409 8.8)", Before: "From: root\r\n", After: "From: root@example.net\r\n"},
		{Rule: "Message-ID added (RFC 6409 8.3)", After: "Message-ID: <20261102030405.1a2b@host.example>\r\n"},
		{Rule: "Bcc removed (rfc6409bis 4.1)", Before: "Bcc: b\r\n"},
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
}

func TestAHundredHopsPassByDefaultAndOneMoreIsACircle(t *testing.T) {
	hops := strings.Repeat("Received: by x\n", headers.DefaultMaxHops)
	if _, _, err := headers.Rewrite(read(t, hops), basicPolicy()); err != nil {
		t.Error(err)
	}
	_, _, err := headers.Rewrite(read(t, hops+"received: by y\n"), basicPolicy())
	var e *headers.Error
	if !errors.As(err, &e) || e.Status.String() != "5.4.6" {
		t.Errorf("got %v", err)
	}
}

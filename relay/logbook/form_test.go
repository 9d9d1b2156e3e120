package logbook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func example() Record {
	return Record{
		Time:  time.Date(2026, 3, 1, 12, 30, 15, 250e6, time.UTC),
		Event: "sent", ID: "5KQ2", Account: "default", Smarthost: "smtp.example.org", TLS: "TLS1.3",
		Sender:     "a@b.example",
		Recipients: []Recipient{{Address: "c@d.example", State: "sent", Reply: "250 2.0.0 ok"}},
		MessageID:  "<1.2@b.example>", Size: 1234, Took: 1234567 * time.Microsecond, User: "joe",
	}
}

func with(change func(*Record)) Record {
	r := example()
	change(&r)
	return r
}

func TestTextLine(t *testing.T) {
	const rest = ` relay=smtp.example.org account=default tls=TLS1.3 size=1234 took=1.235s msgid=<1.2@b.example> user=joe`
	tests := []struct {
		name string
		r    Record
		want string
	}{
		{"a message sent", example(), `id=5KQ2 event=sent from=<a@b.example> to=<c@d.example> status="250 2.0.0 ok"` + rest},
		{"recipients of the same fate share the status", with(func(r *Record) {
			r.Recipients = []Recipient{{Address: "a@x", Reply: "250 ok"}, {Address: "b@x", Reply: "250 ok"}, {Address: "c@x", State: "failed", Reply: "550 5.1.1 no"}}
		}), `id=5KQ2 event=sent from=<a@b.example> to=<a@x> to=<b@x> status="250 ok" to=<c@x> state=failed status="550 5.1.1 no"` + rest},
		{"a redirected recipient shows both addresses", Record{Event: "redirect", Sender: "s@x", Recipients: []Recipient{{Address: "new@x", Original: "old@x"}}},
			`event=redirect from=<s@x> to=<new@x> orig_to=<old@x>`},
		{"an original address that says nothing new", Record{Sender: "s@x", Recipients: []Recipient{{Address: "a@x", Original: "a@x"}}}, `from=<s@x> to=<a@x>`},
		{"the null sender", Record{Event: "sent", Recipients: []Recipient{{Address: "a@x"}}}, `event=sent from=<> to=<a@x>`},
		{"a warning in words", Record{Event: "warning", Text: "-f is not for you", Exit: 77, User: "joe"}, `event=warning user=joe exit=77 text="-f is not for you"`},
		{"signs that addresses may hold", Record{Sender: "bounce+a=b/c@x.example", Recipients: []Recipient{{Address: "jörg@bücher.example"}}}, `from=<bounce+a=b/c@x.example> to=<jörg@bücher.example>`},
		{"an address that is more than one word", Record{Sender: `"a b"@x`, Recipients: []Recipient{{Address: "a@x> event=sent to=<b@x"}}}, `from="<\"a b\"@x>" to="<a@x> event=sent to=<b@x>"`},
		{"an address that ends early", Record{Sender: `a>@x`}, `from="<a>@x>"`},
		{"a newline", Record{Event: "failed", Text: "x\nid=1 event=sent"}, `event=failed text="x\nid=1 event=sent"`},
		{"a terminal's orders", Record{ID: "\x1b[2J", Text: "\u009b2J\u202e\x7f\xff"}, `id="\x1b[2J" text="\u009b2J\u202e\x7f\xff"`},
		{"a session", Record{Event: "session", User: "joe", Size: 9, Session: &Session{UID: 1000, End: "quit", Commands: 5, Accepted: 1}},
			`event=session uid=1000 end=quit commands=5 errors=0 accepted=1 refused=0 limited=0 size=9 user=joe`},
		{"a session of nobody known", Record{Event: "session", Session: &Session{UID: -1, End: "lost"}}, `event=session end=lost commands=0 errors=0 accepted=0 refused=0 limited=0`},
		{"a blank in a name", Record{Account: "my work"}, `account="my work"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(textLine(tt.r.clip(maxValue))); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestJSONLine(t *testing.T) {
	tests := []struct {
		name string
		r    Record
		want string
	}{
		{"a message sent", example(), `{"time":"2026-03-01T12:30:15.250Z","event":"sent","id":"5KQ2","account":"default","smarthost":"smtp.example.org","tls":"TLS1.3","sender":"a@b.example",` +
			`"recipients":[{"address":"c@d.example","state":"sent","reply":"250 2.0.0 ok"}],"message_id":"1.2@b.example","size":1234,"took":1.234567,"user":"joe"}`},
		{"the null sender", Record{Recipients: []Recipient{{Address: "a@x"}}}, `{"time":"0001-01-01T00:00:00.000Z","sender":"","recipients":[{"address":"a@x"}]}`},
		{"no sender", Record{Event: "warning", Text: "<&>"}, `{"time":"0001-01-01T00:00:00.000Z","event":"warning","text":"<&>"}`},
		{"what JSON would leave as it is", Record{Text: "\n\x1b\x7f\u009b\u202e\u2028\U000e0001é\xff"}, `{"time":"0001-01-01T00:00:00.000Z","text":"\n\u001b\u007f\u009b\u202e\u2028\udb40\udc01é\ufffd"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(jsonLine(tt.r.clip(maxValue))); got != tt.want && got != strings.Replace(tt.want, `\ufffd`, "\ufffd", 1) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestARecordIsMadeToFit(t *testing.T) {
	long := strings.Repeat("\x01é", 10_000)
	many := make([]Recipient, 10_000)
	for i := range many {
		many[i] = Recipient{Address: fmt.Sprintf("user%d@example.org", i), Reply: fmt.Sprint("250 ", i)}
	}
	huge := Record{Event: long, ID: long, Account: long, Smarthost: long, TLS: long, Sender: long, MessageID: long, User: long, Text: long,
		Recipients: []Recipient{{long, long, long, long}, {long, long, long, long}}}
	for name, f := range map[string]form{"text": {textLine, false}, "json": {jsonLine, true}} {
		t.Run(name, func(t *testing.T) {
			r, line := f.fit(Record{Sender: "a@x", Recipients: many})
			if len(r.Recipients) != maxRecipients || r.More != len(many)-maxRecipients || !strings.Contains(string(line), fmt.Sprint(r.More)) {
				t.Errorf("%d recipients and %d more", len(r.Recipients), r.More)
			}
			_, line = f.fit(huge)
			if len(line) > maxLine || len(line) < maxLine/8 {
				t.Errorf("a huge record has %d octets", len(line))
			}
			mustBeOneLine(t, line)
		})
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcdef", 5, "ab..."}, {"aéééé", 6, "aé..."}, {"ééé", 5, "é..."}, {"ééé", 4, "..."}, {"abcd", 0, "..."}} {
		if got := clip(tt.in, tt.limit); got != tt.want {
			t.Errorf("clip(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestTheTagCannotBreakTheLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "mailchute",
		"sendmail":              "sendmail",
		"php/wordpress_1.2":     "php/wordpress_1.2",
		"a b\n<0>c[1]: d\x1bé":  "ab<0>c1d",
		"\n":                    "mailchute",
		strings.Repeat("x", 99): strings.Repeat("x", 32),
	} {
		if got := cleanTag(in); got != want {
			t.Errorf("cleanTag(%q) = %q, want %q", in, got, want)
		}
	}
}

func mustBeOneLine(t *testing.T, line []byte) {
	t.Helper()
	if !utf8.Valid(line) {
		t.Errorf("not UTF-8: %q", line)
	}
	if bytes.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("not printable: %q", line)
	}
}

// One record is one printable line in each form, a JSON record parses, and a
// journal entry has the fields that it was given and no more.
func FuzzRecord(f *testing.F) {
	f.Add("sent", "a@b", "c@d", "250 2.0.0 ok", "text")
	f.Add("x\ny", "\x1b[0m", "a> to=<b", "\u2028\u009b", "a\r\nPRIORITY=0\n")
	f.Add("\xff\xfe", "<>", `"`, `\`, strings.Repeat("\x00", 9000))
	f.Fuzz(func(t *testing.T, event, sender, recipient, reply, text string) {
		r := Record{Event: event, ID: text, Sender: sender, Text: text, User: sender, MessageID: reply, Account: event,
			Recipients: []Recipient{{recipient, sender, event, reply}, {sender, recipient, event, text}}}
		for _, b := range []*Book{{tag: "t", form: form{textLine, false}}, {tag: "t", form: form{jsonLine, true}}} {
			line := b.line(r)
			mustBeOneLine(t, bytes.TrimSuffix(line, []byte("\n")))
			packet := b.syslogPacket(r)
			mustBeOneLine(t, packet)
			if len(packet) > maxLine+100 {
				t.Errorf("a packet of %d octets", len(packet))
			}
			fields := parseJournal(t, b.journalPacket(r))
			if len(fields["PRIORITY"]) != 1 || len(fields["MESSAGE"]) != 1 || len(fields["MAILCHUTE_RECIPIENT"]) > 2 {
				t.Errorf("fields %q", fields)
			}
			if b.form.dated {
				var o object
				if err := json.Unmarshal(line, &o); err != nil || len(o.Recipients) != 2 {
					t.Errorf("%v: %s", err, line)
				}
			}
		}
	})
}

func TestTheRoomForRecipientsIsThatOfTheLog(t *testing.T) {
	for to, want := range map[string]int{"auto": maxRecipients, "none": 0, "stderr": math.MaxInt, "/nowhere/log": math.MaxInt} {
		b, err := Open(to, "text", "")
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Room(); got != want {
			t.Errorf("%s: %d, want %d", to, got, want)
		}
	}
	if (*Book)(nil).Room() != 0 {
		t.Error("no book has room")
	}
	line := string(textLine(Record{Sender: "a@x", Recipients: []Recipient{{Address: "b@x"}}, More: 9999}))
	if !strings.Contains(line, "more_recipients=9999") {
		t.Errorf("the recipients that are left out are not told of: %s", line)
	}
}

func TestASessionIsFieldsInJSONAndInTheJournal(t *testing.T) {
	r := Record{Event: "session", User: "root", Session: &Session{UID: 0, End: "timeout", Commands: 3, Errors: 1, Accepted: 2, Refused: 4, Limited: 5}}
	const want = `"user":"root","session":{"uid":0,"end":"timeout","commands":3,"errors":1,"accepted":2,"refused":4,"limited":5}}`
	if got := string(jsonLine(r)); !strings.HasSuffix(got, want) {
		t.Error(got)
	}
	b := &Book{form: form{textLine, false}}
	fields := parseJournal(t, b.journalPacket(r))
	for name, want := range map[string]string{"MAILCHUTE_UID": "0", "MAILCHUTE_END": "timeout", "MAILCHUTE_COMMANDS": "3", "MAILCHUTE_ERRORS": "1",
		"MAILCHUTE_ACCEPTED": "2", "MAILCHUTE_REFUSED": "4", "MAILCHUTE_LIMITED": "5", "MAILCHUTE_USER": "root", "PRIORITY": "6"} {
		if got := fields[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	r.Session.UID = -1
	if got := string(jsonLine(r)); strings.Contains(got, "uid") {
		t.Error(got)
	}
}

func TestWhatIsKeptToBeSentInAMomentIsNoWarning(t *testing.T) {
	for state, want := range map[string]int{"pending": severityInfo, "deferred": severityWarning} {
		if got := (Record{Event: "kept", Recipients: []Recipient{{State: state}}}).severity(); got != want {
			t.Errorf("%s: %d", state, got)
		}
	}
}

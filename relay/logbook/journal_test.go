package logbook

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// parseJournal reads a packet as systemd-journald does.
func parseJournal(t *testing.T, packet []byte) map[string][]string {
	t.Helper()
	fields := map[string][]string{}
	for len(packet) > 0 {
		end := bytes.IndexByte(packet, '\n')
		if end < 0 {
			t.Fatalf("no line feed behind %q", packet)
		}
		name, value, plain := strings.Cut(string(packet[:end]), "=")
		packet = packet[end+1:]
		if !plain {
			size := binary.LittleEndian.Uint64(packet)
			value, packet = string(packet[8:8+size]), packet[8+size:]
			if packet[0] != '\n' {
				t.Fatalf("no line feed behind the value of %s", name)
			}
			packet = packet[1:]
		}
		if !regexp.MustCompile(`^[A-Z][A-Z_]*$`).MatchString(name) {
			t.Fatalf("field name %q", name)
		}
		fields[name] = append(fields[name], value)
	}
	return fields
}

func TestTheJournalGetsFields(t *testing.T) {
	dir := t.TempDir()
	journal := listen(t, filepath.Join(dir, "journal"))
	b := onSockets(t, "text", filepath.Join(dir, "journal"), filepath.Join(dir, "log"))
	b.Write(with(func(r *Record) {
		r.Event, r.Text = "failed", "first line\nMESSAGE=forged\n\x1b[2J"
		r.Recipients = []Recipient{{"c@d", "old@d", "failed", "550 no"}, {"e@f", "e@f", "failed", "550 no"}}
	}))
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	packet := receive(t, journal)
	if !bytes.Contains(packet, []byte("\nMAILCHUTE_TEXT\n\x21\x00\x00\x00\x00\x00\x00\x00first line\nMESSAGE=forged\n\\x1b[2J\n")) {
		t.Errorf("a value with line feeds does not go by its length: %q", packet)
	}
	fields := parseJournal(t, packet)
	for name, want := range map[string]string{
		"PRIORITY": "4", "SYSLOG_FACILITY": "2", "SYSLOG_IDENTIFIER": "tag", "MAILCHUTE_ID": "5KQ2", "MAILCHUTE_EVENT": "failed",
		"MAILCHUTE_SENDER": "a@b.example", "MAILCHUTE_RECIPIENT": "c@d e@f", "MAILCHUTE_ORIGINAL_RECIPIENT": "old@d",
		"MAILCHUTE_REPLY": "550 no", "MAILCHUTE_MESSAGE_ID": "1.2@b.example", "MAILCHUTE_USER": "joe",
	} {
		if got := strings.Join(fields[name], " "); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	message := strings.Join(fields["MESSAGE"], "|")
	if !strings.HasPrefix(message, "id=5KQ2 event=failed from=<a@b.example> to=<c@d> ") {
		t.Errorf("MESSAGE is %q", message)
	}
	mustBeOneLine(t, []byte(message))
}

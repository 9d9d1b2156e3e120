package report_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gomessage "github.com/emersion/go-message"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/report"
)

// read reads a report as an independent program does: the header and the parts by
// their types.
func read(t testing.TB, m *message.Message) (gomessage.Header, map[string]string) {
	t.Helper()
	e, err := gomessage.Read(bytes.NewReader(wire(t, m)))
	if err != nil {
		t.Fatal(err)
	}
	parts := make(map[string]string)
	mr := e.MultipartReader()
	if mr == nil {
		t.Fatal("not a multipart")
	}
	for {
		p, err := mr.NextPart()
		if err == io.EOF {
			return e.Header, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := p.Header.ContentType()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		parts[kind] = string(b)
	}
}

func TestAReportIsReadByGoMessage(t *testing.T) {
	o := original(plain, "..\nhello\n", recipient("gone@example.org", envelope.Failed, unknown))
	msg, _, err := report.Failure(o, stamp)
	if err != nil {
		t.Fatal(err)
	}
	h, parts := read(t, msg)
	for field, want := range map[string]string{
		"From": "Mail Delivery System <mailer-daemon@example.net>", "To": "<alice@example.net>", "Auto-Submitted": "auto-replied",
		"In-Reply-To": "<m1@pc.example.net>", "References": "<m1@pc.example.net>", "Message-Id": "<r1@pc.example.net>",
	} {
		if got := h.Get(field); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if kind, params, err := h.ContentType(); kind != "multipart/report" || params["report-type"] != "delivery-status" || err != nil {
		t.Errorf("%s %v %v", kind, params, err)
	}
	if got := parts["message/rfc822"]; got != plain+"\r\n..\r\nhello\r\n" {
		t.Errorf("the original came back as %q", got)
	}
	for _, want := range []string{"Grüße", "gone@example.org", "550 5.1.1 no such user here"} {
		if !strings.Contains(parts["text/plain"], want) {
			t.Errorf("no %q in the text %q", want, parts["text/plain"])
		}
	}
}

func TestPythonReadsTheReports(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3, the independent reader, is not installed")
	}
	const script = `
import sys, email, email.policy
for path in sys.argv[1:]:
    m = email.message_from_binary_file(open(path, "rb"), policy=email.policy.default)
    for p in m.walk():
        assert not p.defects, (path, p.get_content_type(), p.defects)
    assert m["auto-submitted"] == "auto-replied" and m["date"].datetime and m["from"].addresses[0].addr_spec
    if m.is_multipart():
        human, machine, back = m.iter_parts()
        assert human.get_content_type() == "text/plain" and "example" in human.get_content()
        if machine.get_content_type() == "message/delivery-status":
            about, *each = machine.get_payload()
            assert about["reporting-mta"] == "dns; pc.example.net", about
            for r in each:
                assert r["action"] and r["status"] and r["final-recipient"].startswith("rfc822; "), r
        print(path, machine.get_content_type(), back.get_content_type())
`
	dir := t.TempDir()
	args := []string{"-c", script}
	for name, c := range cases() {
		msg, _, err := c.make(c.of, stamp)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, wire(t, msg), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if out, err := exec.Command(python, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

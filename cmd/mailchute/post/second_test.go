package post

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay/runner"
	"mailchute/relay/smtp/smtptest"
)

// TestWhoHasTheMessageGetsNoSecondCopyByALaterRedirect: the queue takes care of those
// who wait, and knows who does not.
func TestWhoHasTheMessageGetsNoSecondCopyByALaterRedirect(t *testing.T) {
	server := smtptest.New("EHLO => DSN\nRCPT TO:<old@ => 450 4.2.0 later\nRCPT TO:<gone@ => 550 5.1.1 no")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "mailchute.toml")
	text := fmt.Sprintf("smarthost = \"smtp+plain://%s\"\n[identity]\ndomain = \"here.example\"\n[queue]\ndir = %q\n[log]\nto = \"none\"\n", server.Addr(), dir+"/queue")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	getenv := func(name string) string { return map[string]string{"XDG_STATE_HOME": dir}[name] }
	f := &face.Call{Process: face.Process{Stderr: io.Discard, Getenv: getenv}, Voice: voice.To(io.Discard), Who: host.Caller(), Args: &inject.Args{ConfigFile: file}}
	if err := f.Load(); err != nil {
		t.Fatal(err)
	}
	p, done, err := New(f, &f.Config.Default, &journal.Journal{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	in, err := inject.Read(strings.NewReader("Subject: s\n\nx\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	args := &inject.Args{Sender: "me@here.example", Recipients: []string{"new@y.example", "old@x.example", "gone@x.example"}}
	sub, err := inject.Submit(args, in, inject.World{Login: "me", Stamp: inject.NewStamp()}, inject.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	if status := p.Dispatch(t.Context(), sub); status != exit.NoUser {
		t.Errorf("status %d", status)
	}
	for e := range p.queue.List() {
		s := e.Summary()
		if got := fmt.Sprint(s.Recipients, " ", s.LastError); got != "[old@x.example] 450 4.2.0 later" {
			t.Errorf("the queue lists %s", got)
		}
		if open := s.Open(); len(open) != 1 || open[0].Recipient != "old@x.example" {
			t.Errorf("mailq shows %+v", open)
		}
	}

	server.Say("RCPT TO:<old@", "557 5.2.7 moved to <new@y.example>")
	tally, err := RunQueues(t.Context(), f, runner.Scope{All: true})
	if err != nil || tally != (runner.Tally{Messages: 2, Delivered: 2}) { // and the notice of the redirect
		t.Errorf("%+v, %v", tally, err)
	}
	if got := server.Copies()["new@y.example"]; got != 1 {
		t.Errorf("%d copies", got)
	}
	for e := range p.queue.List() {
		t.Errorf("%s waits: %+v", e.ID, e.Summary())
	}
	for e := range p.queue.ListFailed() {
		t.Errorf("%s is kept: %+v", e.ID, e.Summary())
	}
}

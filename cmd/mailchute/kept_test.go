package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/smtp/smtptest"
)

// row is a client of -bs: n messages, each with a RSET behind it.
func row(n int) string {
	var b strings.Builder
	b.WriteString("EHLO x\r\n")
	for i := range n {
		fmt.Fprintf(&b, "MAIL FROM:<a@x.example>\r\nRCPT TO:<b%d@x.example>\r\nDATA\r\nSubject: %d\r\n\r\nx\r\n.\r\nRSET\r\n", i, i)
	}
	return b.String() + "QUIT\r\n"
}

// bs runs sendmail -bs and gives what it said.
func bs(t *testing.T, smarthost, input string) string {
	t.Helper()
	dir := t.TempDir()
	config, stdin := filepath.Join(dir, "mailchute.toml"), filepath.Join(dir, "stdin")
	text := fmt.Sprintf("smarthost = [%s]\naliases = \"\"\n[queue]\nenabled = false\n[log]\nto = \"none\"\n[identity]\nhostname = \"box.example\"\n", smarthost)
	for name, text := range map[string]string{config: text, stdin: input} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in, err := os.Open(stdin)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, words bytes.Buffer
	status := run(t.Context(), []string{"mailchute", "-bs", "-C", config}, face.Process{Stdin: in, Stdout: &out, Stderr: &words, Getenv: func(string) string { return "" }})
	if status != 0 {
		t.Errorf("status %d: %s%s", status, &out, &words)
	}
	return out.String()
}

func inClear(p *smtptest.Server) string { return fmt.Sprintf("%q", "smtp+plain://"+p.Addr()) }

func TestASessionKeepsItsConnection(t *testing.T) {
	p := smarthost(t)
	out := bs(t, inClear(p), row(5))
	if n := strings.Count(out, "250 2.0.0 sent\r\n"); n != 5 || len(p.Messages()) != 5 {
		t.Errorf("%d are sent, %d arrived: %s", n, len(p.Messages()), out)
	}
	p.Settle() // the reply to QUIT is not waited for
	if p.Sessions() != 1 || p.Told("QUIT") != 1 {
		t.Errorf("%d connections, %d ended well", p.Sessions(), p.Told("QUIT"))
	}
}

func TestALostConnectionCostsNoMessageOfASession(t *testing.T) {
	for _, reply := range []string{"drop", "421 4.3.2 that is enough"} {
		p := smarthost(t)
		p.SayOnce("MAIL", 3, reply, nil)
		out := bs(t, inClear(p), row(5))
		if n := strings.Count(out, "250 2.0.0 sent\r\n"); n != 5 || len(p.Messages()) != 5 || p.Sessions() != 2 {
			t.Errorf("%s: %d are sent, %d arrived, %d connections: %s", reply, n, len(p.Messages()), p.Sessions(), out)
		}
	}
}

func TestEachMessageOfASessionHasItsOwnFate(t *testing.T) {
	p := smarthost(t)
	p.Say("RCPT TO:<b1@", "550 5.1.1 no such user")
	p.SayOnce("END", 2, "452 4.3.1 later", nil)
	out := bs(t, inClear(p), row(4))
	for _, want := range []string{"250 2.0.0 sent\r\n250 ", "550 5.1.1 <b1@x.example>: 550 5.1.1 no such user", "452 4.3.1 <b2@x.example>: "} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if p.Sessions() != 1 || len(p.Messages()) != 2 {
		t.Errorf("%d connections, %d arrived", p.Sessions(), len(p.Messages()))
	}
}

func TestTroubleDoesNotLastLongerThanTheMessage(t *testing.T) {
	p := smarthost(t)
	p.SayOnce("CONNECT", 1, "drop", nil)
	out := bs(t, inClear(p), row(3))
	if n := strings.Count(out, "250 2.0.0 sent\r\n"); n != 2 || !strings.Contains(out, "\r\n451 4.") {
		t.Errorf("%d are sent: %s", n, out)
	}
}

func TestASessionHandsOverToTheServerByOneConnection(t *testing.T) {
	s := serveWith(t, "", "")
	out := bs(t, fmt.Sprintf("%q", "unix:"+s.Socket), row(5))
	if n := strings.Count(out, "250 2.0.0 "); n < 10 {
		t.Error(out)
	}
	s.Arrive(5)
	servetest.Eventually(t, "the session is logged", func() bool { return strings.Contains(s.Log(), "event=session") })
	if n := strings.Count(s.Log(), "event=session"); n != 1 {
		t.Errorf("%d sessions:\n%s", n, s.Log())
	}
}

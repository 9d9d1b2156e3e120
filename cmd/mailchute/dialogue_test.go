package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mailerDialogue is what mailers say to sendmail -bs, each line when the reply to the
// one in front of it is there.
var mailerDialogue = []struct{ line, want string }{
	{"", "220 "},
	// Symfony and Swift Mailer: one process for many messages, RSET in between.
	{"EHLO [127.0.0.1]", "250 "},
	{"MAIL FROM:<me@box.example>", "250 "},
	{"RCPT TO:<one@example.org>", "250 "},
	{"RCPT TO:<two@example.org>", "250 "},
	{"DATA", "354 "},
	{"Subject: one\r\n\r\n..dot\r\n.", "250 "},
	{"NOOP", "250 "}, // their ping, before the process is used again
	{"RSET", "250 "},
	{"MAIL FROM:<me@box.example>", "250 "},
	{"RCPT TO:<>", "501 "},
	{"RSET", "250 "},
	// Alpine: HELO where it was not heard before, a bare name, 8BITMIME.
	{"HELO localhost", "250 "},
	{"EHLO localhost", "250 "},
	{"MAIL FROM:<me> BODY=8BITMIME", "250 "},
	{"RCPT TO:<root>", "250 "},
	{"DATA", "354 "},
	{"Subject: two\r\n\r\ngr\xc3\xbc\xc3\x9fe\r\n\r\n.", "250 "},
	{"QUIT", "221 "},
}

func TestADialogueWithMailersGoesOneStepAtATime(t *testing.T) {
	s := serveWith(t, "", "")
	config := filepath.Join(s.Dir, "caller.toml")
	text := fmt.Sprintf("smarthost = %q\naliases = \"\"\n[identity]\ndomain = \"box.example\"\nhostname = \"box.example\"\n[log]\nto = \"none\"\n", "unix:"+s.Socket)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sendmail", "-bs")
	cmd.Env = append(os.Environ(), "MAILCHUTE_CONFIG="+config)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(stdout)
	for _, step := range mailerDialogue {
		if step.line != "" {
			fmt.Fprintf(stdin, "%s\r\n", step.line)
		}
		answer := "-"
		for err == nil && strings.HasPrefix(answer[min(3, len(answer)-1):], "-") {
			answer, err = answers.ReadString('\n')
		}
		if err != nil || !strings.HasPrefix(answer, step.want) {
			t.Fatalf("%q: %q, %v; want %s", step.line, answer, err, step.want)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	var got []string
	for _, m := range s.Arrive(2) {
		_, body, _ := strings.Cut(m.Text, "\r\n\r\n")
		got = append(got, strings.Join(m.Recipients, " ")+" "+body)
	}
	slices.Sort(got)
	want := []string{"one@example.org two@example.org .dot\r\n", "root@box.example gr\xc3\xbc\xc3\x9fe\r\n\r\n"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/smtp/smtptest"
)

// errand is what a client is asked to do: hand in the file.
type errand struct {
	network, address string // "tcp" and host:port, or "unix" and a path
	file, from       string
	to               []string
}

// mailer is an SMTP client of other people.
type mailer struct {
	name     string
	program  string
	probe    []string // arguments with which it fails where something is missing
	networks []string
	copies   map[string]int // messages that it makes of one file, 1 if not said
	composes bool           // takes the body alone and makes a header
	argv     func(errand) []string
	sends    func(body string) string // what it makes of a body, if not the same
	stdin    bool                     // reads the file there
}

var bothNetworks = []string{"tcp", "unix"}

// scripted is a client that is a script of testdata/clients.
func scripted(script string) func(errand) []string {
	path := filepath.Join("..", "..", "testdata", "clients", script)
	return func(e errand) []string { return append([]string{path, e.network, e.address, e.file, e.from}, e.to...) }
}

var mailers = []mailer{
	{name: "smtplib", program: "python3", networks: bothNetworks, copies: map[string]int{"tcp": 2, "unix": 2}, argv: scripted("client.py")},
	{name: "nodemailer", program: "node", probe: []string{"-e", "require('nodemailer')"}, networks: bothNetworks, copies: map[string]int{"tcp": 3}, argv: scripted("client.js")},
	{name: "PHP", program: "php", networks: bothNetworks, argv: scripted("client.php")},
	{name: "curl", program: "curl", networks: bothNetworks, argv: func(e errand) []string {
		argv := []string{"-sS", "--crlf", "--mail-from", e.from, "--upload-file", e.file}
		for _, to := range e.to {
			argv = append(argv, "--mail-rcpt", to)
		}
		if e.network == "unix" {
			return append(argv, "--unix-socket", e.address, "smtp://localhost/localhost")
		}
		return append(argv, "smtp://"+e.address+"/localhost")
	}},
	{name: "swaks", program: "swaks", networks: bothNetworks, argv: func(e errand) []string {
		argv := []string{"--silent", "2", "--helo", "localhost", "--pipeline", "--from", e.from, "--to", strings.Join(e.to, ","), "--data", "@" + e.file}
		if e.network == "unix" {
			return append(argv, "--socket", e.address)
		}
		return append(argv, "--server", e.address)
	}, sends: func(body string) string { // it looks for a last dot, and sees to an empty line where there is none
		if rest, ok := strings.CutSuffix(body, ".\n"); ok {
			return rest
		}
		return body + "\n"
	}},
	{name: "msmtp", program: "msmtp", networks: bothNetworks, stdin: true, argv: func(e errand) []string {
		argv := []string{"--file=/dev/null", "--from=" + e.from, "--auth=off", "--tls=off"}
		if e.network == "unix" {
			argv = append(argv, "--host=localhost", "--socket="+e.address)
		} else {
			host, port, _ := net.SplitHostPort(e.address)
			argv = append(argv, "--host="+host, "--port="+port)
		}
		return append(append(argv, "--"), e.to...)
	}},
	{name: "s-nail", program: "s-nail", networks: []string{"tcp"}, stdin: true, composes: true, argv: func(e errand) []string {
		argv := []string{"-n", "-Sv15-compat", "-Smta=smtp://me@" + e.address, "-Ssmtp-auth=none", "-Ssmtp-hostname=", "-Shostname=box.example", "-Sfrom=" + e.from, "-Sttycharset=utf-8", "-Ssendwait", "-r", e.from, "-s", "subject", "-."}
		return append(argv, e.to...)
	}},
}

// letters are the messages that the clients hand in.
var letters = []struct {
	name   string
	header string
	body   string
	to     int // recipients
}{
	{"plain", "", "hello\n", 1},
	{"nothing in it", "", "", 1},
	{"for many", "", "hello\n", 30},
	{"dots", "", ".\n..\n.x\nx.\n\n.\n", 1},
	{"eight bits", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n", "grüße\n€\n", 2},
	{"with an attachment", "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", "--b\nContent-Type: text/plain\n\nsee there\n--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=x\n\n" + strings.Repeat("QUJD", 19) + "\n--b--\n", 1},
	{"long lines", "", strings.Repeat("0123456789", 500) + "\n.\n" + strings.Repeat("x", 998) + "\n", 1},
	{"large", "", strings.Repeat(strings.Repeat("0123456789", 7)+"\n.\n", 60000), 2},
}

// TestOtherPeoplesClientsAreServed: each client on each network hands in each
// letter, and it arrives as it was.
func TestOtherPeoplesClientsAreServed(t *testing.T) {
	// Whoever runs the tests may send as he likes over the socket, as root does.
	s := serveWith(t, "", fmt.Sprintf("users.loopback = [\"*@box.example\"]\nusers.%q = [\"*@box.example\"]", host.Caller().Login))
	for _, m := range mailers {
		t.Run(m.name, func(t *testing.T) {
			if _, err := exec.LookPath(m.program); err != nil {
				t.Skipf("%s is not installed", m.program)
			}
			if m.probe != nil {
				if out, err := exec.Command(m.program, m.probe...).CombinedOutput(); err != nil {
					t.Skipf("%s does not work here: %s", m.name, out)
				}
			}
			for _, network := range m.networks {
				e := errand{network: network, address: s.Socket, from: "me@box.example", file: filepath.Join(t.TempDir(), "letter")}
				if network == "tcp" {
					e.address = s.Port
				}
				for _, l := range letters {
					if m.composes && l.header != "" {
						continue
					}
					t.Run(network+" "+l.name, func(t *testing.T) {
						e.to = nil
						for i := range l.to {
							e.to = append(e.to, fmt.Sprintf("r%d@example.org", i))
						}
						s.Peer.Forget()
						handIn(t, m, e, l.header, l.body)
						copies := max(m.copies[network], 1)
						servetest.Eventually(t, "all copies arrive", func() bool { return len(s.Peer.Messages()) >= copies })
						body := l.body
						if m.sends != nil {
							body = m.sends(body)
						}
						for _, got := range s.Peer.Messages() {
							checkLetter(t, got, e, body)
						}
					})
				}
			}
		})
	}
}

func handIn(t *testing.T, m mailer, e errand, header, body string) {
	t.Helper()
	text := "From: " + e.from + "\nTo: list:;\nSubject: s\n" + header + "\n" + body
	if m.composes {
		text = body
	}
	if err := os.WriteFile(e.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.program, m.argv(e)...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(e.file))
	if m.stdin {
		file, err := os.Open(e.file)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		cmd.Stdin = file
	}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
}

// check compares what has arrived with what was handed in.
func checkLetter(t *testing.T, got smtptest.Message, e errand, body string) {
	t.Helper()
	if got.Sender != e.from || !slices.Equal(got.Recipients, e.to) {
		t.Errorf("from %q to %q", got.Sender, got.Recipients)
	}
	header, text, _ := strings.Cut(got.Text, "\r\n\r\n")
	header = strings.ToLower(header)
	switch {
	case strings.Contains(header, "content-transfer-encoding: quoted-printable"):
		decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Error(err)
		}
		text = string(decoded)
	case strings.Contains(header, "content-transfer-encoding: base64"):
		decoded, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
		if err != nil {
			t.Error(err)
		}
		text = string(decoded)
	}
	if want := strings.ReplaceAll(body, "\n", "\r\n"); strings.ReplaceAll(text, "\r\n", "\n") != body {
		t.Errorf("%d octets, want %d; they part at %q", len(text), len(want), firstDifference(text, want))
	}
}

func firstDifference(a, b string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i:min(len(a), i+40)]
		}
	}
	return string(bytes.TrimSpace([]byte(a[min(len(a), len(b)):min(len(a), len(b)+40)])))
}

package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/relay/smtp/smtptest"
)

var update = flag.Bool("update", false, "write the goldens anew")

// turn is one thing that goes wrong, and what a person or a program meets then.
type turn struct {
	name   string
	server func(*junction) string // gives the smarthost of the configuration; nil: %s in config is a server that agrees to all
	config string                 // %s is the smarthost
	args   []string               // of sendmail; none: bob@x.example
	stdin  string                 // none: a small message; "/": a directory
	mode   os.FileMode            // of the configuration; 0: 0600
	queue  bool                   // there is one
	nobody bool                   // as a user who is not root; root has to run the test
	dark   bool                   // in a network namespace with nothing in it; likewise
}

const plain = "smarthost = \"smtp+plain://%s\"\n"

const loginKeys = "user = \"joe\"\npassword = \"correct horse\"\n"

const byToken = "user = \"joe\"\n[oauth]\nprovider = \"microsoft\"\nclient_id = \"c\"\ntoken_file = \"$DIR/token\"\n"

// turns are what users meet. The goldens under testdata/wrong hold what the
// program says to each, so that a change of words is seen as one.
func turns() []turn {
	says := func(rules string) func(*junction) string {
		return func(j *junction) string { return j.start(smtptest.New(rules), nil) }
	}
	return []turn{
		// usage
		{name: "no-recipients", args: []string{"-i"}},
		{name: "no-recipients-in-header", args: []string{"-t"}, stdin: "Subject: x\n\nx\n"},
		{name: "unknown-option", args: []string{"-Z", "bob@x.example"}},
		{name: "option-without-value", args: []string{"-F"}},
		{name: "option-of-a-server", args: []string{"-bt"}},
		{name: "recipients-for-a-queue-run", args: []string{"-q", "bob@x.example"}},
		{name: "header-for-a-list-of-the-queue", args: []string{"-bp", "-t"}},
		{name: "dry-run-of-a-queue-run", args: []string{"--dry-run", "-q"}},
		{name: "priority-out-of-range", args: []string{"--priority", "12", "bob@x.example"}},
		{name: "deliver-by-without-mode", args: []string{"--deliver-by", "120", "bob@x.example"}},
		{name: "hold-for-nonsense", args: []string{"--hold-for", "soon", "bob@x.example"}},
		// the message and its addresses
		{name: "malformed-recipient", args: []string{"bob@x.example", "b ob@@x"}},
		{name: "too-many-hops", args: []string{"-O", "MaxHopCount=1", "bob@x.example"}, stdin: "Received: from a by b; Sun, 1 Mar 2026 12:00:00 +0000\nReceived: from b by c; Sun, 1 Mar 2026 12:00:00 +0000\nSubject: x\n\nx\n"},
		{name: "input-cannot-be-read", stdin: "/"},
		{name: "lone-dot", stdin: "Subject: x\n\nx\n.\nignored\n"},
		// what the server refuses
		{name: "unknown-mailbox", server: says(`RCPT => 550 5.1.1 <bob@x.example>: no such user here`)},
		{name: "unknown-mailbox-in-several-lines", server: says(`RCPT => 550-5.1.1 The mailbox does not exist.\n550 5.1.1 See https://x.example/help`)},
		{name: "unknown-host-of-a-recipient", server: says(`RCPT => 550 5.1.2 x.example: no such domain`)},
		{name: "refused-by-policy", server: says(`MAIL => 550 5.7.1 sender <me@here.example> is not yours`)},
		{name: "refused-as-spam", server: says(`END => 554 5.7.1 looks like spam`)},
		{name: "too-large", server: says(`EHLO => SIZE 100`)},
		{name: "redirect-without-trust", server: says(`RCPT => 557 5.2.7 moved, or <x@a.example> or <y@a.example>`)},
		{name: "reply-with-control-characters", server: says("RCPT => 550 5.1.1 \x1b[2J\x07gone")},
		{name: "no-requiretls", args: []string{"--require-tls", "bob@x.example"}},
		// the way to the server, without a queue
		{name: "connection-refused", server: func(j *junction) string { return j.closed() }},
		{name: "port-blocked", server: func(j *junction) string { return j.blocked() }, config: plain + "[timeouts]\nconnect = \"300ms\"\n"},
		{name: "no-network", config: "smarthost = \"smtp+plain://192.0.2.1\"\n", dark: true},
		{name: "no-network-seen-by-a-person", config: "smarthost = \"smtp+plain://192.0.2.1\"\n", dark: true, args: []string{"-v", "bob@x.example"}},
		{name: "server-busy", server: says(`CONNECT => 421 4.3.2 too busy, try later`)},
		{name: "server-says-no-to-all", server: says(`CONNECT => 554 5.7.1 your address is listed`)},
		{name: "server-silent", server: says(`CONNECT => wait`), config: plain + "[timeouts]\ngreeting = \"300ms\"\n"},
		{name: "server-hangs-up", server: says(`MAIL => drop`)},
		{name: "server-speaks-no-smtp", server: says(`CONNECT => HTTP/1.1 400 Bad Request`)},
		{name: "greylisted", server: says(`RCPT => 450 4.2.0 greylisted, come back in 300 seconds`)},
		// TLS
		{name: "certificate-expired", config: "smarthost = \"submissions://%s\"\n", server: func(j *junction) string {
			return j.secure(&x509.Certificate{IPAddresses: localhost, NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(1.1e9, 0)})
		}},
		{name: "certificate-of-another-host", config: "smarthost = \"submissions://%s\"\n", server: func(j *junction) string {
			return j.secure(&x509.Certificate{DNSNames: []string{"mail.other.example", "smtp.other.example"}})
		}},
		{name: "certificate-of-nobody", config: "smarthost = \"submissions://%s\"\n", server: func(j *junction) string {
			return j.start(smtptest.New(""), &tls.Config{Certificates: []tls.Certificate{smtptest.SelfSigned(j.t, &x509.Certificate{IPAddresses: localhost})}})
		}},
		{name: "fingerprint-of-another", config: "smarthost = \"submissions://%s\"\n[tls]\nfingerprint = \"sha256:" + strings.Repeat("ab", 32) + "\"\n",
			server: func(j *junction) string { return j.secure(&x509.Certificate{IPAddresses: localhost}) }},
		{name: "no-starttls", config: "smarthost = \"submission://%s\"\n"},
		{name: "tls-on-a-plain-port", config: "smarthost = \"submissions://%s\"\n"},
		{name: "plain-on-a-tls-port", config: "smarthost = \"submission://%s\"\n[timeouts]\ngreeting = \"300ms\"\n",
			server: func(j *junction) string { return j.secure(&x509.Certificate{IPAddresses: localhost}) }},
		// login
		{name: "wrong-password", config: plain + loginKeys, server: says("EHLO => AUTH PLAIN LOGIN\nAUTH => 535 5.7.8 username and password not accepted")},
		{name: "wrong-password-kept", config: plain + loginKeys, queue: true, server: says("EHLO => AUTH PLAIN LOGIN\nAUTH => 535 5.7.8 username and password not accepted")},
		{name: "token-missing", config: plain + byToken, server: says("EHLO => AUTH XOAUTH2")},
		{name: "token-missing-kept", config: plain + byToken, queue: true, server: says("EHLO => AUTH XOAUTH2")},
		{name: "no-login-offered", config: plain + loginKeys, server: says("EHLO => 8BITMIME")},
		{name: "no-mechanism-in-common", config: plain + loginKeys, server: says("EHLO => AUTH GSSAPI NTLM")},
		{name: "tls-wanted", server: says("MAIL => 530 5.7.0 Must issue a STARTTLS command first")},
		{name: "login-wanted", server: says("MAIL => 530 5.7.0 authentication required")},
		{name: "user-without-password", config: plain + "user = \"joe\"\n", server: says("EHLO => AUTH PLAIN LOGIN")},
		{name: "password-file-absent", config: plain + "user = \"joe\"\npassword_file = \"$DIR/password\"\n"},
		{name: "password-command-fails", config: plain + "user = \"joe\"\npassword_command = \"echo the key ring is locked >&2; exit 3\"\n", server: says("EHLO => AUTH PLAIN")},
		// configuration
		{name: "no-configuration", config: "-"},
		{name: "configuration-is-a-directory", config: "/"},
		{name: "configuration-unreadable", config: plain, nobody: true},
		{name: "configuration-that-others-can-write", mode: 0o666},
		{name: "unknown-key", config: "smarthots = \"mail.example.org\"\n"},
		{name: "several-mistakes", config: plain + "delivery = \"later\"\nauth = 5\n[queue]\nretry_min = \"soon\"\n[tsl]\nca_file = \"x\"\n"},
		{name: "not-toml", config: "smarthost = submission://mail.example.org\n"},
		{name: "no-smarthost", config: "user = \"joe\"\npassword = \"x\"\n"},
		{name: "unknown-account", args: []string{"--account", "wrok", "bob@x.example"}, config: plain + "[account.work]\nmatch = [\"*@work.example\"]\n"},
		{name: "aliases-with-a-mistake", config: "aliases = \"$DIR/aliases\"\n" + plain, args: []string{"ops"}},
		// the queue
		{name: "kept-without-a-word", server: func(j *junction) string { return j.closed() }, queue: true},
		{name: "kept-with-words", server: func(j *junction) string { return j.closed() }, queue: true, args: []string{"-v", "bob@x.example"}},
		{name: "queue-is-no-directory", server: func(j *junction) string { return j.closed() }, config: plain + "[queue]\ndir = \"$DIR/mailchute.toml\"\n"},
		{name: "queue-unwritable", server: func(j *junction) string { return j.closed() }, mode: 0o644, nobody: true, queue: true, args: []string{"-odq", "bob@x.example"}},
		{name: "queue-off-and-wanted", args: []string{"-odq", "bob@x.example"}},
		{name: "hold-without-a-queue", args: []string{"--hold-for", "90m", "bob@x.example"}},
	}
}

// TestWrongTurns runs the program into each and holds what it says, octet for
// octet, but for what differs from run to run.
func TestWrongTurns(t *testing.T) {
	for _, tt := range turns() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if (tt.nobody || tt.dark) && os.Getuid() != 0 {
				t.Skip("needs root")
			}
			j := &junction{t: t, dir: t.TempDir()}
			j.golden(tt.name, j.take(tt))
		})
	}
}

// TestEachStatusHasItsWords: the goldens hold every status of sysexits(3) that the
// program can end with, but for its own faults.
func TestEachStatusHasItsWords(t *testing.T) {
	seen := map[string]bool{}
	for _, tt := range turns() {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "wrong", tt.name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		_, status, _ := strings.Cut(string(text), "exit status ")
		seen[strings.TrimSpace(status)] = seen[strings.TrimSpace(status)] || strings.Contains(string(text), "\nmailchute: ")
	}
	for _, s := range []exit.Status{exit.Usage, exit.DataErr, exit.NoUser, exit.NoHost, exit.Unavailable, exit.CantCreate, exit.IOErr, exit.TempFail, exit.Protocol, exit.NoPerm, exit.Config} {
		if !seen[fmt.Sprint(int(s))] {
			t.Errorf("no wrong turn ends with %d and words", s)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

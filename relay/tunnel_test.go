package relay

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	verifier "github.com/emersion/go-msgauth/dkim"

	"mailchute/headers"
	"mailchute/relay/dkim"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/smtp"
)

func TestWishesTravelAsFieldsWhereTheServerHasNoExtension(t *testing.T) {
	five := 5
	const since = "Require-Recipient-Valid-Since: a@x.example; Sun, 01 Mar 2026 12:00:00 +0000\r\n"
	for _, c := range []struct {
		name     string // with the section that it obeys
		header   string
		to       string
		since    bool // a@x.example is to be valid since noon
		priority *int
		ext      smtp.Extensions
		want     string
	}{
		{name: "nothing is wished", header: "X: 1\r\nMT-Priority: 3\r\n" + since, want: "X: 1\r\nMT-Priority: 3\r\n" + since},
		{name: "priority as a field, RFC 6758 3.3", header: "X: 1\r\n", priority: &five, want: "X: 1\r\nMT-Priority: 5\r\n"},
		{name: "another priority is replaced, RFC 6758 3.3", header: "MT-Priority: 3\r\nX: 1\r\nmt-priority : 2\r\n", priority: &five, want: "X: 1\r\nMT-Priority: 5\r\n"},
		{name: "priority as a parameter", header: "X: 1\r\n", priority: &five, ext: smtp.Extensions{MTPriority: true}, want: "X: 1\r\n"},
		{name: "the field stays without RRVS, RFC 7293 3.2", header: since, since: true, want: since},
		{name: "the field becomes a parameter with RRVS", header: "X: 1\r\n" + since, since: true, ext: smtp.Extensions{RRVS: true}, want: "X: 1\r\n"},
		{name: "a field of somebody else stays", header: strings.Replace(since, "a@", "z@", 1), since: true, ext: smtp.Extensions{RRVS: true}, want: strings.Replace(since, "a@", "z@", 1)},
		{name: "a malformed field stays", header: "Require-Recipient-Valid-Since: a@x.example\r\n", since: true, ext: smtp.Extensions{RRVS: true}, want: "Require-Recipient-Valid-Since: a@x.example\r\n"},
		{name: "a parameter becomes a field, RFC 7293 6", header: "X: 1\r\n", since: true, want: "X: 1\r\n" + since},
		{name: "but not for others to see", header: "X: 1\r\n", to: "b@x.example", since: true, want: "X: 1\r\n"},
		{name: "not even where the author has written it", header: "X: 1\r\n" + since, to: "b@x.example", since: true, want: "X: 1\r\n"},
		{name: "TLS-Required stays, RFC 8689 4.1", header: "TLS-Required: No\r\n", priority: &five, want: "TLS-Required: No\r\nMT-Priority: 5\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvelope(strings.Fields("a@x.example " + c.to)...)
			env.Options.Priority = c.priority
			if c.since {
				env.Recipients[0].ValidSince = noon
			}
			var only *envelope.Recipient
			if c.since && c.to == "" && !c.ext.RRVS {
				only = env.Recipients[0]
			}
			msg, err := tunnel(&message.Message{Header: []byte(c.header), Body: newMessage("").Body}, env, c.ext, only)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(string(msg.Header), "\r\n ", " "); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}

func TestARecipientBehindARedirectIsAnotherMailbox(t *testing.T) {
	env := newEnvelope("a@x.example")
	env.Recipients[0].ValidSince = noon
	env.Recipients[0].Redirect(envelope.Hop{From: addr("a@x.example"), To: addr("b@x.example"), Code: 557})
	msg := newMessage("x\r\n")
	if got, err := tunnel(msg, env, smtp.Extensions{RRVS: true}, nil); err != nil || got != msg {
		t.Errorf("changed to %q, %v", got.Header, err)
	}
}

// newKey makes a signer, and the record of its public key.
func newKey(t *testing.T) (*dkim.Signer, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &dkim.Signer{Domain: "here.example", Selector: "s", KeyFile: path}, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
}

func TestASignatureStandsForWhatArrives(t *testing.T) {
	for name, script := range map[string]string{
		"by DATA":                          "EHLO => PIPELINING,SIZE 100000",
		"by BDAT":                          "EHLO => PIPELINING,CHUNKING,SIZE 100000",
		"in several transactions":          "EHLO => 8BITMIME,LIMITS RCPTMAX=1",
		"where the body had to be encoded": "EHLO => PIPELINING",
		"where the priority had to become a field":    "EHLO => PIPELINING,8BITMIME",
		"with a recipient that moved to another town": "EHLO => 8BITMIME\nRCPT TO:<r1@ => 557 5.2.7 <n@y.example>",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, script)
			signer, record := newKey(t)
			env := newEnvelope(numbered(2)...)
			three := 3
			env.Options.Priority = &three
			r := &Relay{Smarthosts: deliverBy(p), Redirect: everyRedirect(), Signer: signer}
			r.Deliver(t.Context(), env, newMessage("Grüße \r\n.\r\n\r\n\r\n"))
			if len(p.texts()) == 0 {
				t.Fatal(fates(env))
			}
			for _, text := range p.texts() {
				if text != p.texts()[0] {
					t.Errorf("not the same message for all:\n%s\n%s", p.texts()[0], text)
				}
				found, err := verifier.VerifyWithOptions(strings.NewReader(text), &verifier.VerifyOptions{LookupTXT: func(string) ([]string, error) { return []string{record}, nil }})
				if err != nil || len(found) != 1 || found[0].Err != nil {
					t.Errorf("%v %+v\n%s", err, found, text)
				}
			}
		})
	}
}

func TestWithoutItsKeyNothingGoesOutUnsigned(t *testing.T) {
	p := newPeer(t, "")
	env := newEnvelope("a@x.example")
	r := &Relay{Smarthosts: deliverBy(p), Signer: &dkim.Signer{Domain: "here.example", Selector: "s", KeyFile: filepath.Join(t.TempDir(), "none")}}
	r.Deliver(t.Context(), env, newMessage("x\r\n"))
	if o := env.Recipients[0].Outcome; o.State != envelope.Deferred || !strings.Contains(o.Text(), "dkim.key_file") || p.Told("MAIL") != 0 {
		t.Errorf("%v %q", o.State, o.Text())
	}
}

func TestTheSizeCountsTheSignature(t *testing.T) {
	signer, _ := newKey(t)
	d := &delivery{Carrier: (&Relay{Signer: signer}).Carrier(), env: newEnvelope("a@x.example"), msg: newMessage("x\r\n")}
	c, err := d.content(smtp.Extensions{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	n, err := c.WriteTo(&b)
	if err != nil || n != c.Size() || int(n) != b.Len() || c.Estimate() < n {
		t.Errorf("wrote %d of %d, size %d, estimate %d, %v", n, b.Len(), c.Size(), c.Estimate(), err)
	}
	if again, _ := d.content(smtp.Extensions{}, false, nil); again != c {
		t.Error("the same message was made twice")
	}
}

// TestWhoMustBeTestedGetsNothingUntested: RRVS with R.
func TestWhoMustBeTestedGetsNothingUntested(t *testing.T) {
	for _, tt := range []struct {
		name, script, at string
		then             envelope.ValidElse
		failed           string
	}{
		{"where the server can test", "EHLO => RRVS", "a@x.example 1; b@x.example 1", envelope.Reject, ""},
		{"where it cannot, and the others do", "EHLO => 8BITMIME", "b@x.example 1", envelope.Reject, "5.7.19"},
		{"where nobody minds", "EHLO => 8BITMIME", "a@x.example 1; b@x.example 1", envelope.Continue, ""},
		{"behind a redirect, where it is another mailbox", "EHLO => RRVS\nRCPT TO:<a@ => 557 5.2.7 <n@x.example>", "b@x.example 1; n@x.example 1", envelope.Reject, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPeer(t, tt.script)
			env := newEnvelope("a@x.example", "b@x.example")
			env.Recipients[0].ValidSince, env.Recipients[0].ValidElse = noon, tt.then
			r := &Relay{Smarthosts: deliverBy(p), Redirect: everyRedirect()}
			r.Deliver(t.Context(), env, newMessage("x\r\n"))
			failed := ""
			if o := env.Recipients[0].Outcome; o.State == envelope.Failed {
				failed = o.Status.String()
			}
			if got := copies(p); got != tt.at || failed != tt.failed {
				t.Errorf("copies %q, failed %q: %s", got, failed, fates(env))
			}
		})
	}
}

// TestNobodyIsToldOfTheDemandOfAnother: where a server has no RRVS the header has to tell
// it, to each mailbox its own.
func TestNobodyIsToldOfTheDemandOfAnother(t *testing.T) {
	for _, script := range []string{"EHLO => PIPELINING,8BITMIME", "EHLO => LIMITS RCPTMAX=2"} {
		p := newPeer(t, script)
		env := newEnvelope("c@x.example", "a@x.example", "d@x.example", "e@x.example", "b@x.example")
		env.Recipients[1].ValidSince, env.Recipients[4].ValidSince = noon, noon
		msg := newMessage("x\r\n")
		msg.Header = append(msg.Header, headers.NewValidSince(addr("a@x.example"), noon).Raw()...)
		r := &Relay{Smarthosts: deliverBy(p), Redirect: everyRedirect()}
		r.Deliver(t.Context(), env, msg)
		var got []string
		for _, m := range p.Messages() {
			var told []string
			for line := range strings.Lines(m.Text) {
				if text, ok := strings.CutPrefix(line, headers.ValidSinceField+": "); ok {
					of, _, _ := strings.Cut(text, ";")
					told = append(told, of)
				}
			}
			got = append(got, fmt.Sprintf("%d of %v", len(m.Recipients), told))
		}
		if want := "1 of [], 1 of [a@x.example], 2 of [], 1 of [b@x.example]"; strings.Join(got, ", ") != want {
			t.Errorf("%s: got %q, want %q; %s", script, got, want, fates(env))
		}
	}
}

// TestTheDemandOfAMailboxStaysWithIt: where the server has no RRVS the demand stands in
// the header, and it is about the address that the sender named.
func TestTheDemandOfAMailboxStaysWithIt(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		remembered   bool
		at           string // who gets the message
		demanded     bool
	}{
		{"not with the new address of a redirect", "RCPT TO:<old@ => 557 5.2.7 <new@y.example>", false, "new@y.example 1", false},
		{"nor of one that is remembered", "", true, "new@y.example 1", false},
		{"but with the old one that is asked again", "RCPT TO:<new@ => 550 5.1.1 no", true, "old@x.example 1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPeer(t, tt.script)
			n := &network{t: t}
			deliver(t, []string{"old@x.example"}, func(r *Relay, e *envelope.Envelope) {
				e.Recipients[0].ValidSince = noon
				if tt.remembered {
					n.knows(r, "old@x.example new@y.example")
				}
			}, p)
			demanded := strings.Contains(strings.Join(p.texts(), ""), "Require-Recipient-Valid-Since: old@x.example;")
			if got := copies(p); got != tt.at || demanded != tt.demanded {
				t.Errorf("copies %q, demanded %v", got, demanded)
			}
		})
	}
}

package relay

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/route/sts"
)

// TestTheSampleSessionOfTheDraft plays draft-sam-smtp-redirects section 3.1, and
// with 558 section 3.2: a server without extensions takes one mailbox and sends the
// other on, with the enhanced status code behind the text as the draft has it.
func TestTheSampleSessionOfTheDraft(t *testing.T) {
	const zone = "example.com MX 10 smtp.example.com\nsmtp.example.com A 127.0.0.71\nexample.org MX 10 mail.example.org\nmail.example.org A 127.0.0.72"
	const script = "CONNECT => 220 smtp.example.com smtp service ready\nEHLO => 500 what\nHELO => 250 mail.example.net, I'm happy that you came around today\n" +
		"RCPT TO:<user@example.com> => %d mailbox has moved to <user@example.org> (X.2.%d)\n"
	for _, code := range []int{557, 558} {
		for _, bySmarthost := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d, by a smarthost: %v", code, bySmarthost), func(t *testing.T) {
				n := newNetwork(t, false, zone)
				theirs := n.server(71, fmt.Sprintf(script, code, code%10), nil)
				new := n.server(72, "EHLO => 250-mail.example.org\\n250 SIZE 1000", nil)
				r := n.relay()
				r.SMTP.Hello = "mail.example.net"
				if bySmarthost {
					r = n.relay(theirs.smarthost())
				}
				n.knows(r)
				n.expect(r, "friend@example.com user@example.com", "friend@example.com delivered; user@example.com delivered", "friend@example.com 1; user@example.org 1")
				if new.Told("RCPT TO:<user@example.org>") != 1 || theirs.Told("RCPT TO:<user@example.org>") != 0 {
					t.Error("the new address was offered elsewhere than at mail.example.org")
				}
				if entries, _ := r.Memory.List(); (len(entries) == 1) != (code == 557) {
					t.Errorf("learnt %v", entries)
				}
			})
		}
	}
}

// TestAHostileServerThatRedirectsEverybodyGetsNothing: somebody between us and a
// domain's servers, who has good certificates, but for names of his own.
func TestAHostileServerThatRedirectsEverybodyGetsNothing(t *testing.T) {
	const zone = "old.example MX 1 mx.evil.example\nmx.evil.example A 192.0.2.1\nevil.example MX 1 mx.evil.example"
	for _, tt := range []struct {
		name, follow, script string
		validated            bool
		fate                 string
		learnt               int
	}{
		{"in the clear", redirect.FollowVerified, "", false, "failed 557", 0},
		{"with a certificate for the name that DNS gave", redirect.FollowVerified, withTLS, false, "failed 557", 0},
		{"with a name that DNSSEC vouches for it is no stranger", redirect.FollowVerified, withTLS, true, "delivered", 1},
		{"in the clear, where everything is believed", redirect.FollowAlways, "", false, "delivered", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, tt.validated, zone)
			config, _ := n.certify("mx.evil.example")
			evil := n.server(73, tt.script+"RCPT TO:<all@evil => 250 mine\nRCPT => 557 5.2.7 <all@evil.example>", config)
			r := n.relay()
			r.Redirect.Follow = tt.follow
			r.SMTP.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if !strings.HasPrefix(address, "192.0.2.1:") {
					t.Errorf("connects to %s", address)
				}
				return (&net.Dialer{}).DialContext(ctx, network, evil.listener.Addr().String())
			}
			n.knows(r)
			env := newEnvelope("a@old.example", "b@old.example")
			r.Deliver(context.Background(), env, newMessage("hello\r\n"))
			if want := "a@old.example " + tt.fate + "; b@old.example " + tt.fate; fates(env) != want {
				t.Errorf("%s, want %s", fates(env), want)
			}
			if got := evil.Copies()["all@evil.example"]; (got > 0) != (tt.fate == "delivered") {
				t.Errorf("%d copies for the thief", got)
			}
			entries, _ := r.Memory.List()
			for _, e := range entries {
				if e.Unproven != (tt.follow == redirect.FollowAlways) || !e.Unproven && e.Verified != "mx.evil.example" {
					t.Errorf("learnt %+v", e)
				}
			}
			if (len(entries) > 0) != (tt.learnt > 0) {
				t.Errorf("learnt %v", entries)
			}
			if reason := env.Recipients[0].Outcome.Text(); tt.learnt == 0 && !strings.Contains(reason, "the connection is not verified TLS") {
				t.Errorf("the reason is %q", reason)
			}
		})
	}
}

// TestARedirectedCopyObeysWhatTheNewDomainPublishes: MTA-STS and DANE hold for it as
// for any other.
func TestARedirectedCopyObeysWhatTheNewDomainPublishes(t *testing.T) {
	const zone = "new.example MX 1 mx.new.example\nmx.new.example A 127.0.0.74\n"
	const enforce = "version: STSv1\nmode: enforce\nmx: mx.new.example\nmax_age: 1000\n"
	for _, tt := range []struct {
		name, cert, tlsa, policy, fate string
	}{
		{"nothing", "other.example", "", "", "delivered"},
		{"MTA-STS, kept", "mx.new.example", "", enforce, "delivered"},
		{"MTA-STS, and a certificate for another name", "other.example", "", enforce, "deferred"},
		{"MTA-STS in testing", "other.example", "", strings.Replace(enforce, "enforce", "testing", 1), "delivered"},
		{"DANE, kept", "other.example", "right", "", "delivered"},
		{"DANE, and another key", "mx.new.example", "wrong", "", "deferred"},
	} {
		for _, remembered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, remembered: %v", tt.name, remembered), func(t *testing.T) {
				n := newNetwork(t, true, zone)
				config, tlsa := n.certify(tt.cert)
				if tt.tlsa == "wrong" {
					_, tlsa = n.certify("x.example")
				}
				p := n.server(74, withTLS, config)
				if tt.tlsa != "" {
					n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.new.example TLSA %s", n.port, tlsa))
				}
				smarthost := newPeer(t, own+"EHLO => 250 mail.old.example\nRCPT TO:<k@old => 557 5.2.7 <k@new.example>")
				r := n.relay(smarthost.smarthost())
				if remembered {
					n.knows(r, "k@old.example k@new.example")
				}
				if tt.policy != "" {
					r.Resolver.Policies = &sts.Book{
						TXT: func(_ context.Context, name string) ([]string, error) {
							return []string{"v=STSv1; id=1"}, nil
						},
						Fetch: func(context.Context, string) (string, error) { return tt.policy, nil },
					}
				}
				env := newEnvelope("k@old.example")
				r.Deliver(context.Background(), env, newMessage("hello\r\n"))
				if got := fates(env); !strings.HasPrefix(got, "k@old.example "+tt.fate) {
					t.Errorf("%s: %s", got, env.Recipients[0].Outcome.Text())
				}
				if got := p.Copies()["k@new.example"]; (got == 1) != (tt.fate == "delivered") || tt.fate != "delivered" && p.Told("MAIL") > 0 {
					t.Errorf("%d copies", got)
				}
				if smarthost.Told("RCPT TO:<k@new") > 0 {
					t.Error("the old mailbox's own server was offered the new address")
				}
			})
		}
	}
}

func TestARedirectedCopyKeepsItsWishes(t *testing.T) {
	const all = "PIPELINING,STARTTLS,DSN,MT-PRIORITY,REQUIRETLS,DELIVERBY,SIZE 9999"
	for _, remembered := range []bool{false, true} {
		n := newNetwork(t, true, "old.example MX 1 mx.old.example\nmx.old.example A 127.0.0.75\nnew.example MX 1 mx.new.example\nmx.new.example A 127.0.0.76")
		ours, _ := n.certify("mx.old.example")
		theirs, _ := n.certify("mx.new.example")
		n.server(75, "EHLO => "+all+"\nRCPT TO:<k@old => 557 5.2.7 <k@new.example>", ours)
		p := n.server(76, "EHLO => "+all, theirs)
		r := n.relay()
		n.knows(r)
		if remembered {
			n.knows(r, "k@old.example k@new.example")
		}
		env, three := newEnvelope("k@old.example"), 3
		env.Options = envelope.Options{Return: envelope.ReturnFull, EnvelopeID: "id", RequireTLS: true, Priority: &three}
		env.Recipients[0].Notify = envelope.Notify{Failure: true, Delay: true}
		env.Recipients[0].ORCPT = "rfc822;first@z.example"
		r.Deliver(context.Background(), env, newMessage("hello\r\n"))
		got := ""
		if m := p.Messages(); len(m) == 1 {
			got = strings.Join(m[0].Envelope, "\n")
		}
		for _, want := range []string{" REQUIRETLS", " RET=HDRS", " ENVID=id", " MT-PRIORITY=3", "RCPT TO:<k@new.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;first@z.example"} {
			if !strings.Contains(got, want) {
				t.Errorf("remembered %v: %s: no %q in\n%s", remembered, fates(env), want, got)
			}
		}
		if remembered {
			continue
		}
		if entries, _ := r.Memory.List(); len(entries) != 1 || entries[0].Verified != "mx.old.example" || entries[0].Unproven {
			t.Errorf("learnt %+v", entries)
		}
	}
}

// TestThoseWhoMeetBehindARedirectAreToldWhatEachWants: there is one RCPT for all, and
// NEVER is the wish of one of them alone.
func TestThoseWhoMeetBehindARedirectAreToldWhatEachWants(t *testing.T) {
	p := newPeer(t, "EHLO => DSN\nRCPT TO:<a@ => 558 5.2.8 <new@y.example>\nRCPT TO:<b@ => 558 5.2.8 <new@y.example>")
	deliver(t, []string{"a@x.example", "b@x.example"}, func(_ *Relay, e *envelope.Envelope) {
		e.Recipients[0].Notify = envelope.Notify{Never: true}
		e.Recipients[1].Notify = envelope.Notify{Failure: true}
	}, p)
	if p.Told("RCPT TO:<new@y.example> NOTIFY=FAILURE ") != 1 || p.Told("RCPT TO:<new@") != 1 {
		t.Errorf("%q", p.Commands())
	}
}

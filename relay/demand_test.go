package relay

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"testing"

	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// TestARememberedRedirectDemandsTheTLSThatAFreshOneWould: what the old domain
// publishes, where its own servers could have said it, and nothing that another
// account's smarthost was configured with.
func TestARememberedRedirectDemandsTheTLSThatAFreshOneWould(t *testing.T) {
	const zone = "old.example MX 1 mx.old.example\nmx.old.example A 127.0.0.95\nnew.example A 127.0.0.96\n"
	down := route.Smarthost{Scheme: route.SMTP, Host: "127.0.0.99", Port: 1}
	for _, tt := range []struct {
		name       string
		published  bool // by the old domain, with DANE
		smarthosts []route.Smarthost
		fate       string
	}{
		{"published, and mx: is the way", true, nil, "deferred 4.7.5"},
		{"published, and mx: takes over", true, []route.Smarthost{down, {Scheme: route.MX}}, "deferred 4.7.5"},
		{"not published", false, nil, "delivered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, true, zone)
			security, tlsa := n.certify("mx.old.example")
			old := n.server(95, withTLS+"RCPT TO:<k@old => 557 5.2.7 <k@new.example>", security)
			n.server(96, "", nil)
			if tt.published {
				n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.old.example TLSA %s", n.port, tlsa))
			}
			r := n.relay(tt.smarthosts...)
			copies := map[bool]string{true: "k@new.example 1"}[tt.fate == "delivered"]
			n.expect(r, "k@old.example", "k@old.example "+tt.fate, copies)
			n.knows(r)
			if err := r.Memory.Learn(redirect.Entry{Old: addr("k@old.example"), New: addr("k@new.example"), Code: 557, TLS: tt.published}); err != nil {
				t.Fatal(err)
			}
			if copies != "" {
				copies = "k@new.example 2"
			}
			n.expect(r, "k@old.example", "k@old.example "+tt.fate, copies)
			if old.Told("RCPT TO:<k@old") != 1 {
				t.Error("the old mailbox was asked again")
			}
		})
	}
}

func TestOnlyWhatTheOldDomainDemandsOfTLSIsLearnt(t *testing.T) {
	const zone = "old.example MX 1 mx.old.example\nmx.old.example A 127.0.0.97\nnew.example MX 1 mx.new.example\nmx.new.example A 127.0.0.98\n"
	for _, bySmarthost := range []bool{true, false} {
		n := newNetwork(t, true, zone)
		security, tlsa := n.certify("mx.old.example", "smtp.provider.example")
		theirs, _ := n.certify("mx.new.example")
		old := n.server(97, "EHLO => STARTTLS,AUTH PLAIN\nAUTH => 235 ok\nRCPT TO:<k@old => 557 5.2.7 <k@new.example>", security)
		n.server(98, withTLS, theirs)
		n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.old.example TLSA %s", n.port, tlsa))
		r := n.relay()
		if bySmarthost {
			s := old.smarthost()
			s.Scheme, s.Host = route.Submission, "127.0.0.97"
			r = n.relay(s)
			r.SMTP.TLS.ServerName = "smtp.provider.example"
			r.SMTP.Login = &smtp.Login{User: "u", Secret: func(context.Context) (secret.Secret, error) { return secret.New("hunter2"), nil }}
		}
		n.knows(r)
		n.expect(r, "k@old.example", "k@old.example delivered", "k@new.example 1")
		if entries, err := r.Memory.List(); err != nil || len(entries) != 1 || entries[0].TLS == bySmarthost {
			t.Errorf("by a smarthost %v: learnt %+v, %v", bySmarthost, entries, err)
		}
	}
}

// TestASmarthostBehindMXDoesNotDoWithoutTheTLSThatWasDemanded: the old domain demands
// TLS with DANE, the new one has none, and a smarthost stands behind mx:.
func TestASmarthostBehindMXDoesNotDoWithoutTheTLSThatWasDemanded(t *testing.T) {
	const zone = "old.example MX 1 mx.hoster.example\nmx.hoster.example A 127.0.0.109\nnew.example A 127.0.0.110\n"
	for scheme, fate := range map[route.Scheme]string{
		route.Plain: "deferred 4.7.5", route.SMTP: "deferred 4.7.5", route.Submission: "delivered", route.Unix: "delivered",
	} {
		t.Run(string(scheme), func(t *testing.T) {
			n := newNetwork(t, true, zone)
			security, tlsa := n.certify("mx.hoster.example")
			n.server(109, withTLS+"RCPT TO:<a@old => 557 5.2.7 <n@new.example>", security)
			n.server(110, "", nil)
			n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.hoster.example TLSA %s", n.port, tlsa))
			network, address := "tcp", "127.0.0.1:0"
			if scheme == route.Unix {
				network, address = "unix", filepath.Join(t.TempDir(), "socket")
			}
			l, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			theirs, _ := n.certify("smarthost.example")
			last := servePeer(t, l, withTLS, theirs)
			n.peers = append(n.peers, last)
			way := route.Smarthost{Scheme: scheme, Path: address}
			if scheme != route.Unix {
				way = last.smarthost()
				way.Scheme = scheme
			}
			r := n.relay(route.Smarthost{Scheme: route.MX}, way)
			r.SMTP.TLS.ServerName = "smarthost.example"
			copies := map[bool]string{true: "n@new.example 1"}[fate == "delivered"]
			n.expect(r, "a@old.example", "a@old.example "+fate, copies)
			if copies == "" && last.Told("MAIL") > 0 {
				t.Error("the envelope was shown")
			}
		})
	}
}

// TestAMessageThatNeedsNoTLSIsNotKeptByWhatADomainDemanded: with TLS-Required: No a
// remembered redirect demands as little as a fresh one (RFC 8689 section 3).
func TestAMessageThatNeedsNoTLSIsNotKeptByWhatADomainDemanded(t *testing.T) {
	const zone = "old.example MX 1 mx.old.example\nmx.old.example A 127.0.0.112\nnew.example A 127.0.0.113\n"
	for _, tt := range []struct {
		field      string
		remembered bool
		fate       string
	}{
		{"TLS-Required: No", false, "delivered"},
		{"TLS-Required: No", true, "delivered"},
		{"TLS-Required: Yes", false, "deferred 4.7.5"},
		{"TLS-Required: Yes", true, "deferred 4.7.5"},
	} {
		t.Run(fmt.Sprintf("%s, remembered %v", tt.field, tt.remembered), func(t *testing.T) {
			n := newNetwork(t, true, zone)
			security, tlsa := n.certify("mx.old.example")
			n.server(112, withTLS+"RCPT TO:<a@old => 557 5.2.7 <n@new.example>", security)
			n.server(113, "", nil)
			n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.old.example TLSA %s", n.port, tlsa))
			r := n.relay()
			n.knows(r)
			if tt.remembered {
				if err := r.Memory.Learn(redirect.Entry{Old: addr("a@old.example"), New: addr("n@new.example"), Code: 557, TLS: true}); err != nil {
					t.Fatal(err)
				}
			}
			env, msg := newEnvelope("a@old.example"), newMessage("hello\r\n")
			msg.Header = append(msg.Header, tt.field+"\r\n"...)
			r.Deliver(t.Context(), env, msg)
			if got, want := fates(env), "a@old.example "+tt.fate; got != want {
				t.Errorf("%s, want %s: %s", got, want, env.Recipients[0].Outcome.Text())
			}
		})
	}
}

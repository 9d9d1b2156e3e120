package relay

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/route"
	"mailchute/relay/route/sts"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

func TestEachDomainHasItsOwnServers(t *testing.T) {
	n := newNetwork(t, false, `
		a.example MX 10 mx.a.example
		a.example MX 20 backup.a.example
		mx.a.example A 127.0.0.21
		backup.a.example A 127.0.0.22
		b.example A 127.0.0.23
		null.example MX 0 .
		broken.example FAIL
		closed.example A 127.0.0.24
	`)
	backup := n.server(22, "", nil)
	b := n.server(23, "RCPT TO:<no@ => 550 5.1.1 no such user", nil)
	n.server(24, "CONNECT => 554 no service here", nil)
	r := n.relay()
	r.SMTP.Login = &smtp.Login{User: "u", Secret: func(context.Context) (secret.Secret, error) {
		t.Error("asked for the password")
		return secret.Secret{}, nil
	}}
	env := n.expect(r, "x@a.example x@b.example y@A.example no@b.example x@null.example x@nowhere.example x@broken.example x@closed.example",
		"x@a.example delivered; x@b.example delivered; y@A.example delivered; no@b.example failed 550; x@null.example failed 5.1.10; x@nowhere.example failed 5.1.2; x@broken.example deferred 4.4.3; x@closed.example failed 554",
		"x@a.example 1; x@b.example 1; y@A.example 1")
	if backup.Sessions() != 1 || len(backup.groups()) != 1 || b.Sessions() != 1 {
		t.Errorf("several sessions or transactions for one domain: %v", backup.groups())
	}
	if c := env.Recipients[5].Outcome.Cause; c != envelope.CauseHost {
		t.Errorf("cause %d", c)
	}
	if b.Told("AUTH") != 0 {
		t.Error("logged in at a domain's own server")
	}
}

func TestAnAddressLiteralIsGoneTo(t *testing.T) {
	n := newNetwork(t, false, "")
	n.server(25, "", nil)
	n.expect(n.relay(), "x@[127.0.0.25]", "x@[127.0.0.25] delivered", "x@[127.0.0.25] 1")
}

func TestAnAddressWithoutADomainHasNowhereToGo(t *testing.T) {
	n := newNetwork(t, false, "")
	n.expect(n.relay(), "root", "root failed 5.1.2", "")
}

func TestACarrierKeepsItsConnectionToADomain(t *testing.T) {
	n := newNetwork(t, false, "a.example A 127.0.0.26")
	p := n.server(26, "", nil)
	c := n.relay().Carrier()
	for range 3 {
		env := newEnvelope("x@a.example")
		c.Deliver(context.Background(), env, newMessage("hello\r\n"), false)
	}
	c.Close()
	if p.Sessions() != 1 || p.Copies()["x@a.example"] != 3 || c.Trouble() != nil {
		t.Errorf("%d sessions, %v", p.Sessions(), p.Copies())
	}
}

func TestWhenTheSmarthostIsDownTheDomainsServersTakeOver(t *testing.T) {
	n := newNetwork(t, false, "a.example A 127.0.0.27\nb.example A 127.0.0.28")
	n.server(27, "", nil)
	n.server(28, "CONNECT => drop", nil)
	down := newPeer(t, "CONNECT => 421 not now")
	last := newPeer(t, "")
	n.peers = append(n.peers, last)
	r := n.relay(down.smarthost(), route.Smarthost{Scheme: route.MX}, last.smarthost())
	n.expect(r, "x@a.example x@b.example", "x@a.example delivered; x@b.example delivered", "x@a.example 1; x@b.example 1")
	if down.Sessions() != 1 || last.Sessions() != 1 {
		t.Errorf("%d and %d sessions", down.Sessions(), last.Sessions())
	}
}

func TestWhatTheDomainPublishesIsObeyed(t *testing.T) {
	const zone = "a.example MX 1 mx.a.example\nmx.a.example A 127.0.0.31\n"
	enforce := "version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 1000\n"
	for _, tt := range []struct {
		name   string
		script string
		names  string // in the certificate
		tlsa   string // "right", "wrong" or ""
		policy string
		fate   string
	}{
		{"nothing published, no STARTTLS", "", "", "", "", "delivered"},
		{"nothing published, a certificate for another name", withTLS, "other.example", "", "", "delivered"},
		{"MTA-STS and a good certificate", withTLS, "mx.a.example", "", enforce, "delivered"},
		{"MTA-STS and a certificate for another name", withTLS, "other.example", "", enforce, "deferred 4.7.5"},
		{"MTA-STS and no STARTTLS", "", "mx.a.example", "", enforce, "deferred 4.7.5"},
		{"MTA-STS for other servers", withTLS, "mx.a.example", "", strings.Replace(enforce, "mx.a", "mx.b", 1), "deferred 4.7.5"},
		{"MTA-STS in testing", withTLS, "other.example", "", strings.Replace(enforce, "enforce", "testing", 1), "delivered"},
		{"DANE matches, whatever the name", withTLS, "other.example", "right", "", "delivered"},
		{"DANE does not match", withTLS, "mx.a.example", "wrong", "", "deferred 4.7.5"},
		{"DANE and no STARTTLS", "", "", "right", "", "deferred 4.7.5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, true, zone)
			config, tlsa := n.certify(tt.names)
			if tt.tlsa == "wrong" {
				_, tlsa = n.certify("x.example")
			}
			p := n.server(31, tt.script, config)
			if tt.tlsa != "" {
				n.names.Set(zone + fmt.Sprintf("_%d._tcp.mx.a.example TLSA %s", n.port, tlsa))
			}
			r := n.relay()
			if tt.policy != "" {
				r.Resolver.Policies = &sts.Book{
					TXT:   func(context.Context, string) ([]string, error) { return []string{"v=STSv1; id=1"}, nil },
					Fetch: func(context.Context, string) (string, error) { return tt.policy, nil },
				}
			}
			copies := ""
			if tt.fate == "delivered" {
				copies = "x@a.example 1"
			}
			n.expect(r, "x@a.example", "x@a.example "+tt.fate, copies)
			if copies == "" && p.Told("MAIL") > 0 {
				t.Error("the envelope was shown")
			}
		})
	}
}

func TestBrokenTLSThatNobodyDemandsIsDoneWithout(t *testing.T) {
	n := newNetwork(t, false, "a.example A 127.0.0.32")
	config, _ := n.certify("a.example")
	config.MaxVersion = tls.VersionTLS11
	p := n.server(32, withTLS, config)
	n.expect(n.relay(), "x@a.example", "x@a.example delivered", "x@a.example 1")
	if p.Sessions() != 2 {
		t.Errorf("%d sessions", p.Sessions())
	}
}

func TestREQUIRETLSNeedsANameWithProof(t *testing.T) {
	const zone = "a.example MX 1 mx.a.example\nmx.a.example A 127.0.0.33\n"
	for _, validated := range []bool{true, false} {
		n := newNetwork(t, validated, zone)
		config, _ := n.certify("mx.a.example")
		p := n.server(33, withTLS, config)
		env := newEnvelope("x@a.example")
		env.Options.RequireTLS = true
		n.relay().Deliver(context.Background(), env, newMessage("hello\r\n"))
		want := "x@a.example failed 5.7.10"
		if validated {
			want = "x@a.example delivered"
		}
		if got := fates(env); got != want || validated != (p.Told("MAIL FROM:<me@here.example> REQUIRETLS") == 1) {
			t.Errorf("validated %v: %s: %s", validated, got, env.Recipients[0].Outcome.Text())
		}
	}
}

func TestTLSRequiredNoIsObeyed(t *testing.T) {
	n := newNetwork(t, true, "a.example A 127.0.0.34")
	_, tlsa := n.certify("x.example")
	n.server(34, "", nil)
	n.names.Set(fmt.Sprintf("a.example A 127.0.0.34\n_%d._tcp.a.example TLSA %s", n.port, tlsa))
	env, msg := newEnvelope("x@a.example"), newMessage("hello\r\n")
	msg.Header = append(msg.Header, "TLS-Required: no\r\n"...)
	n.relay().Deliver(context.Background(), env, msg)
	if got := fates(env); got != "x@a.example delivered" {
		t.Errorf("%s: %s", got, env.Recipients[0].Outcome.Text())
	}
}

func TestSmarthostsFoundBySRVRecords(t *testing.T) {
	for _, tt := range []struct {
		name, cert, fate string
	}{
		{"the certificate is for the domain that was asked for", "old.example", "delivered"},
		{"the certificate is for a target elsewhere, which DNS could have made up", "smtp.provider.example", "deferred 4.7.5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, "")
			config, _ := n.certify(tt.cert)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			p := servePeer(t, l, "EHLO => STARTTLS,AUTH PLAIN\nAUTH => 235 ok", config)
			n.peers = append(n.peers, p)
			n.names.Set("_submission._tcp.old.example SRV 0 1 587 smtp.provider.example\n_submissions._tcp.old.example SRV 0 0 0 .")
			r := n.relay(route.Smarthost{Scheme: route.SRV, Host: "old.example"})
			r.SMTP.Login = &smtp.Login{User: "u", Secret: func(context.Context) (secret.Secret, error) { return secret.New("hunter2"), nil }}
			r.SMTP.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != "smtp.provider.example:587" {
					t.Errorf("connects to %s", address)
				}
				return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
			}
			copies := ""
			if tt.fate == "delivered" {
				copies = "x@a.example 1; y@b.example 1"
			}
			n.expect(r, "x@a.example y@b.example", fmt.Sprintf("x@a.example %s; y@b.example %[1]s", tt.fate), copies)
			if (p.Told("AUTH") == 1) != (copies != "") {
				t.Error("the password went to the wrong server, or not to the right one")
			}
		})
	}
}

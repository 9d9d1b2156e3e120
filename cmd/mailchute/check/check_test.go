package check

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
)

func TestAFindingIsOneLine(t *testing.T) {
	for _, c := range []struct {
		finding Finding
		colours bool
		want    string
	}{
		{Finding{Level: levelOK, Area: "aliases", Text: "none"}, false, "ok       aliases: none"},
		{Finding{Level: levelWarning, Area: "tls", Smarthost: "smtp://h:25", Text: "none", Hint: "mend it"}, false, "warning  smtp://h:25 tls: none; mend it"},
		{Finding{Level: levelError, Area: "login", Account: "work", Smarthost: "smtp://h:25", Text: "no"}, false, "error    [work] smtp://h:25 login: no"},
		{Finding{Level: levelError, Area: "a", Text: "b\x1b[2J\nc"}, false, `error    a: b\x{1B}[2J\x{A}c`},
		{Finding{Level: levelOK, Area: "a", Text: "b"}, true, "\x1b[32mok       \x1b[0ma: b"},
		{Finding{Level: levelError, Area: "a", Text: "b"}, true, "\x1b[31merror    \x1b[0ma: b"},
	} {
		if got := c.finding.Line(c.colours); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestTheWorstFindingIsTheStatus(t *testing.T) {
	for _, c := range []struct {
		errors []exit.Status
		want   exit.Status
	}{
		{nil, exit.OK},
		{[]exit.Status{exit.TempFail}, exit.TempFail},
		{[]exit.Status{exit.TempFail, exit.NoPerm, exit.TempFail}, exit.NoPerm},
		{[]exit.Status{exit.Config, exit.NoPerm}, exit.Config},
		{[]exit.Status{exit.Unavailable}, exit.Unavailable},             // of the test message
		{[]exit.Status{exit.NoPerm, exit.Unavailable}, exit.NoPerm},     // what stands in front of it says why
		{[]exit.Status{exit.TempFail, exit.Unavailable}, exit.TempFail}, // the same
		{[]exit.Status{exit.NoUser, exit.Config}, exit.Config},
	} {
		r := &findings{}
		at := r.about("")
		at.ok("a", "fine")
		at.warn("b", "hm", "")
		for _, s := range c.errors {
			at.error("c", s, "no", "")
		}
		if got := r.status(); got != c.want {
			t.Errorf("%v: status %d, want %d", c.errors, got, c.want)
		}
	}
}

func TestACertificateIsWarnedOfTwoWeeksBeforeItsEnd(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for days, want := range map[int]string{
		-1: "warning  certificate: it expired on 2026-02-28; those who run the server must renew it",
		13: "warning  certificate: it expires in 13 days, on 2026-03-14; those who run the server must renew it",
		15: "ok       certificate: valid until 2026-03-16, 15 days more",
	} {
		r := &findings{}
		tellValidity(r.about(""), now.AddDate(0, 0, days), now)
		if got := r.all[0].Line(false); got != want {
			t.Errorf("%d days: %q, want %q", days, got, want)
		}
	}
}

func TestTheChainNamesEachIssuer(t *testing.T) {
	leaf := &x509.Certificate{DNSNames: []string{"smtp.example.org", "b.example"}, Issuer: pkix.Name{CommonName: "Middle"}}
	middle := &x509.Certificate{Subject: pkix.Name{CommonName: "Middle"}, Issuer: pkix.Name{Organization: []string{"Root Org"}}}
	if got, want := chain([]*x509.Certificate{leaf, middle}), "the certificate of smtp.example.org (and 1 more) by Middle by Root Org"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	alone := &x509.Certificate{Subject: pkix.Name{CommonName: "me"}, Issuer: pkix.Name{CommonName: "me"}}
	if got, want := chain([]*x509.Certificate{alone}), "the certificate of me"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEachTroubleHasItsAreaStatusAndAdvice(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		name string
		p    probe
		want string
	}{
		{"a name", probe{err: &smtp.Error{Phase: smtp.PhaseResolve, Server: "h", Err: gone}}, "resolve 75 is the name"},
		{"a port", probe{err: &smtp.Error{Phase: smtp.PhaseConnect, Server: "h", Err: gone}}, "connect 75 are name and port"},
		{"port 25", probe{endpoint: smtp.Endpoint{Address: "h:25"}, err: &smtp.Error{Phase: smtp.PhaseConnect, Server: "h", Err: gone}}, "connect 75 many networks"},
		{"a socket", probe{endpoint: smtp.Endpoint{Network: "unix", Address: "/s"}, err: &smtp.Error{Phase: smtp.PhaseConnect, Server: "/s", Err: gone}}, "connect 75 does the local server run?"},
		{"TLS says itself what to do", probe{err: &smtp.Error{Phase: smtp.PhaseTLS, Server: "h", Err: gone}}, "tls 75 "},
		{"the greeting", probe{err: &smtp.Error{Phase: smtp.PhaseGreeting, Server: "h", Reply: &reply.Reply{Code: 554}}}, "greeting 75 the server takes no mail"},
		{"EHLO", probe{err: &smtp.Error{Phase: smtp.PhaseHello, Server: "h", Reply: &reply.Reply{Code: 550}}}, "greeting 75 set identity.hostname"},
	} {
		r := &findings{}
		c.p.tell(r.about(""), time.Time{})
		f := r.all[0]
		if got := fmt.Sprintf("%s %d %s", f.Area, f.status, f.Hint); !strings.HasPrefix(got, c.want) || len(r.all) != 1 {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCapabilitiesAreNamedByTheirKeywords(t *testing.T) {
	if got := capabilities(smtp.Extensions{}); got != "none that is of use here" {
		t.Error(got)
	}
	if got := capabilities(smtp.Extensions{Pipelining: true, EightBitMIME: true, Limits: smtp.Limits{MailMax: 1}}); got != "PIPELINING 8BITMIME LIMITS" {
		t.Error(got)
	}
}

func TestAServerThatDripsItsGreetingIsSlow(t *testing.T) {
	r := &findings{}
	p := &probe{err: &smtp.Error{Phase: smtp.PhaseGreeting, Server: "s", Err: context.DeadlineExceeded}}
	p.tell(r.about(""), time.Now())
	if f := r.all[0]; f.Text != "s: no service: it took too long" || strings.Contains(f.Hint, "takes no mail") {
		t.Errorf("%+v", f)
	}
}

package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/smtp"
)

// probeTime bounds the look at one server, whatever the timeouts for mail are.
const probeTime = time.Minute

// probe is what one server was found to be like. What is nil or zero was not
// come to.
type probe struct {
	endpoint   smtp.Endpoint
	addresses  []string // that its name leads to; nil: it was not looked up
	ready      time.Duration
	conn       *smtp.Conn
	err        error // of the connection
	wantsLogin bool
	user       string
	mechanism  string // that was tried last
	loginErr   error
}

// look asks a server all there is to know. seen is what was found before.
func look(ctx context.Context, r *relay.Relay, a *config.Account, e smtp.Endpoint, seen *findings) *probe {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	p := &probe{endpoint: e, wantsLogin: r.SMTP.Login != nil, user: loginName(a)}
	host, _, err := net.SplitHostPort(e.Address)
	if _, literal := netip.ParseAddr(host); err == nil && literal != nil && a.Proxy.Address == "" {
		lookup, done := seen.patience(ctx)
		p.addresses, err = net.DefaultResolver.LookupHost(lookup, host)
		done()
		if err != nil {
			seen.heed(err)
			p.err = &smtp.Error{Phase: smtp.PhaseResolve, Server: host, Err: lookupError(err)}
			return p
		}
	}
	options := r.SMTP
	options.Trace = func(line string) {
		if command, found := strings.CutPrefix(line, "C: AUTH "); found {
			p.mechanism, _, _ = strings.Cut(command, " ")
		}
	}
	began := time.Now()
	p.conn, p.err = smtp.Connect(ctx, e, options)
	p.ready = time.Since(began)
	if p.err == nil && p.wantsLogin {
		p.loginErr = p.conn.Login(ctx)
	}
	return p
}

// lookupError is the error of a lookup without the name, which stands beside it.
func lookupError(err error) error {
	var e *net.DNSError
	if errors.As(err, &e) {
		return errors.New(e.Err)
	}
	return err
}

// place is where mail goes from here.
func (p *probe) place() place {
	host, _, _ := net.SplitHostPort(p.endpoint.Address)
	found := place{host: host, local: host == "localhost"}
	for _, text := range append([]string{host}, p.addresses...) {
		if ip, err := netip.ParseAddr(text); err == nil {
			found.addresses = append(found.addresses, ip.Unmap())
			found.local = found.local || ip.IsLoopback()
		}
	}
	return found
}

// tell says what was found.
func (p *probe) tell(at about, now time.Time) {
	if p.addresses != nil {
		at.ok("resolve", strings.Join(p.addresses, ", "))
	}
	if p.err != nil {
		area := "connect"
		var e *smtp.Error
		hint := ""
		if errors.As(p.err, &e) {
			area, hint = areaOf(e.Phase), hintOf(e.Phase, portOf(p.endpoint.Address))
			if e.Phase == smtp.PhaseGreeting && errors.Is(e.Err, context.DeadlineExceeded) {
				hint = "the server is too slow to be of use now; try again later, or ask those who run it"
			}
			if p.endpoint.Network == "unix" {
				hint = "does the local server run? systemctl start mailchute.socket, or mailchute serve"
			}
		}
		at.error(area, exit.TempFail, p.err.Error(), hint)
		return
	}
	at.ok("connect", fmt.Sprintf("ready after %s", rounded(p.ready)))
	tellDrift(at, p.conn.Greeting().Text(), now)
	p.tellTLS(at, now)
	x := p.conn.Extensions()
	at.ok("capabilities", capabilities(x))
	switch {
	case x.Size && x.MaxSize > 0:
		at.ok("size", fmt.Sprintf("messages up to %d octets", x.MaxSize))
	case x.Size:
		at.ok("size", "no fixed limit")
	}
	p.tellLogin(at)
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := net.LookupPort("tcp", port)
	return n
}

func rounded(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// areaOf is the area of a finding on trouble in that phase.
func areaOf(phase smtp.Phase) string {
	switch phase {
	case smtp.PhaseResolve, smtp.PhaseTLS, smtp.PhaseLogin, smtp.PhaseGreeting:
		return string(phase)
	case smtp.PhaseHello:
		return "greeting"
	}
	return "connect"
}

// hintOf is what to do about trouble in that phase. What is wrong with TLS says
// so itself.
func hintOf(phase smtp.Phase, port int) string {
	switch phase {
	case smtp.PhaseResolve:
		return "is the name spelt right, and do other names resolve?"
	case smtp.PhaseConnect:
		if port == 25 {
			return "many networks let nothing out to port 25; ask for submission on port 587 or 465"
		}
		return "are name and port right, and does the firewall let it out?"
	case smtp.PhaseGreeting:
		return "the server takes no mail from here; if its words do not help, ask those who run it"
	case smtp.PhaseHello:
		return "set identity.hostname to a name that the server takes"
	}
	return ""
}

// capabilities is the extensions by their keywords.
func capabilities(x smtp.Extensions) string {
	var words []string
	for _, e := range []struct {
		offered bool
		word    string
	}{
		{x.Pipelining, "PIPELINING"}, {x.Chunking, "CHUNKING"}, {x.BinaryMIME, "BINARYMIME"}, {x.EightBitMIME, "8BITMIME"}, {x.SMTPUTF8, "SMTPUTF8"},
		{x.EnhancedStatusCodes, "ENHANCEDSTATUSCODES"}, {x.DSN, "DSN"}, {x.RequireTLS, "REQUIRETLS"}, {x.RRVS, "RRVS"}, {x.MTPriority, "MT-PRIORITY"},
		{x.DeliverBy, "DELIVERBY"}, {x.FutureRelease, "FUTURERELEASE"}, {x.Limits != smtp.Limits{}, "LIMITS"},
	} {
		if e.offered {
			words = append(words, e.word)
		}
	}
	if words == nil {
		return "none that is of use here"
	}
	return strings.Join(words, " ")
}

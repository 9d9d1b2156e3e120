package runner

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/route"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
	"mailchute/relay/smtp/smtptest"
)

// byDomain makes the account send to the servers of one.example, which offers DSN, of
// two.example, which does not, and of here.example, which is w.peer now.
func (w *world) byDomain() {
	w.Helper()
	names := dnstest.New(w.T, "one.example A 127.0.0.61\ntwo.example A 127.0.0.62\nhere.example A 127.0.0.63\n", false)
	port := 0
	for i, script := range []string{"EHLO => DSN", "EHLO => PIPELINING", ""} {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%d", 61+i, port))
		if err != nil {
			w.Fatal(err)
		}
		w.Cleanup(func() { l.Close() })
		port = l.Addr().(*net.TCPAddr).Port
		w.peer = &peer{smtptest.New(script)}
		w.peer.Serve(l)
	}
	w.account.Relay.Smarthosts = []route.Smarthost{{Scheme: route.MX}}
	w.account.Relay.Resolver = &route.Resolver{DNS: dns.Client{Servers: []netip.AddrPort{names.Addr}, Timeout: time.Minute, Attempts: 1}, Port: port}
}

// TestSuccessIsToldForTheServersThatDoNot: each server tells of its own recipients,
// whichever was the last.
func TestSuccessIsToldForTheServersThatDoNot(t *testing.T) {
	for _, to := range []string{"a@one.example b@two.example", "b@two.example a@one.example"} {
		w := newWorld(t)
		w.byDomain()
		e := w.letter("hi", strings.Fields(to)...)
		for _, r := range e.Envelope.Recipients {
			r.Notify = envelope.Notify{Success: true}
		}
		w.accept(e)
		w.flush()
		var told []string
		for _, m := range w.peer.letters("me@here.example") {
			told = append(told, slices.DeleteFunc(strings.Split(m.Text, "\r\n"), func(line string) bool {
				return !strings.HasPrefix(line, "Final-Recipient:") && !strings.HasPrefix(line, "Action:")
			})...)
		}
		w.want("told", strings.Join(told, "; "), "Final-Recipient: rfc822; b@two.example; Action: relayed")
	}
}

package relay

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
)

// protected is an envelope that asks for REQUIRETLS.
func protected(to ...string) *envelope.Envelope {
	env := newEnvelope(to...)
	env.Options.RequireTLS = true
	return env
}

func TestREQUIRETLSLooksForAServerThatKeepsIt(t *testing.T) {
	const (
		no    = "EHLO => PIPELINING,STARTTLS\n"
		clear = "EHLO => PIPELINING,REQUIRETLS\n"
		down  = "CONNECT => 421 4.3.2 later\n"
	)
	for _, tt := range []struct {
		name    string
		servers []string
		fate    string
		at      int // the server that takes it, from 1; 0: none
	}{
		{"the first keeps it", []string{withTLS, withTLS}, "delivered", 1},
		{"the second keeps it", []string{no, withTLS}, "delivered", 2},
		{"the third does, behind one without TLS", []string{no, clear, withTLS}, "delivered", 3},
		{"behind one that is down", []string{down, no, withTLS}, "delivered", 3},
		{"before one that is down", []string{no, down, withTLS}, "delivered", 3},
		{"none keeps it", []string{no, no}, "failed 5.7.30", 0},
		{"none has TLS", []string{clear, clear}, "failed 5.7.10", 0},
		{"one that is down may keep it", []string{no, down}, "deferred 421", 0},
		{"one that is down may keep it, and was tried first", []string{down, no}, "deferred 421", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for way, at := range map[string]int{"mx:": 110, "smarthosts": 115} {
				n := newNetwork(t, true, "")
				var zone strings.Builder
				var list []route.Smarthost
				for i, script := range tt.servers {
					host := "mx" + strconv.Itoa(i) + ".a.example"
					zone.WriteString("a.example MX " + strconv.Itoa(i) + " " + host + "\n" + host + " A 127.0.0." + strconv.Itoa(at+i) + "\n")
					security, _ := n.certify(host, "smarthost.example")
					s := n.server(at+i, script, security).smarthost()
					s.Scheme = route.SMTP
					list = append(list, s)
				}
				n.names.Set(zone.String())
				r := n.relay()
				if way == "smarthosts" {
					r = n.relay(list...)
					r.SMTP.TLS.ServerName = "smarthost.example"
				}
				env := protected("k@a.example", "l@a.example")
				r.Deliver(t.Context(), env, newMessage("hello\r\n"))
				if got, want := fates(env), "k@a.example "+tt.fate+"; l@a.example "+tt.fate; got != want {
					t.Errorf("by %s: %s, want %s: %s", way, got, want, env.Recipients[0].Outcome.Text())
				}
				for i, p := range n.peers {
					if told := p.Told("MAIL FROM:<me@here.example> REQUIRETLS"); told != p.Told("MAIL") || (told == 1) != (i+1 == tt.at) || p.Sessions() > 1 {
						t.Errorf("by %s: server %d had %d sessions and heard %q", way, i+1, p.Sessions(), p.Commands())
					}
				}
			}
		})
	}
}

// TestWhoDoesNotKeepREQUIRETLSIsAsGoodAsBeforeForOthers: that a server is passed over
// is the message's matter alone.
func TestWhoDoesNotKeepREQUIRETLSIsAsGoodAsBeforeForOthers(t *testing.T) {
	n := newNetwork(t, true, "a.example MX 1 mx1.a.example\na.example MX 2 mx2.a.example\nmx1.a.example A 127.0.0.121\nmx2.a.example A 127.0.0.122")
	one, _ := n.certify("mx1.a.example", "smarthost.example")
	two, _ := n.certify("mx2.a.example", "smarthost.example")
	first, second := n.server(121, "EHLO => STARTTLS\n", one), n.server(122, withTLS, two)
	for _, byMX := range []bool{false, true} {
		r := n.relay()
		if !byMX {
			list := deliverBy(first, second)
			list[0].Scheme, list[1].Scheme = route.Submission, route.Submission
			r = n.relay(list...)
			r.SMTP.TLS.ServerName = "smarthost.example"
		}
		r.Observer.PassedOver = func(server string, _ envelope.Outcome) { t.Errorf("%s counts as broken", server) }
		c := r.Carrier()
		before := first.Sessions() + second.Sessions()
		for _, env := range []*envelope.Envelope{newEnvelope("k@a.example"), protected("p@a.example"), newEnvelope("k@a.example"), protected("p@a.example")} {
			c.Deliver(t.Context(), env, newMessage("hello\r\n"), false)
			if got := fates(env); !strings.HasSuffix(got, "delivered") || c.Trouble() != nil {
				t.Errorf("mx: %v: %s, trouble %v", byMX, got, c.Trouble())
			}
		}
		c.Close()
		if n := first.Sessions() + second.Sessions() - before; n > 3 {
			t.Errorf("mx: %v: %d sessions", byMX, n)
		}
	}
	if got, want := copies(first)+"; "+copies(second), "k@a.example 4; p@a.example 4"; got != want {
		t.Errorf("copies %s, want %s", got, want)
	}
}

func TestREQUIRETLSGoesFromASmarthostToTheDomainsOwnServers(t *testing.T) {
	n := newNetwork(t, true, "a.example A 127.0.0.123\nb.example A 127.0.0.124")
	a, _ := n.certify("a.example")
	b, _ := n.certify("b.example")
	n.server(123, withTLS, a)
	n.server(124, "EHLO => STARTTLS\n", b)
	smarthost := newPeer(t, "EHLO => PIPELINING")
	n.peers = append(n.peers, smarthost)
	env := protected("k@a.example", "k@b.example")
	n.relay(smarthost.smarthost(), route.Smarthost{Scheme: route.MX}).Deliver(t.Context(), env, newMessage("hello\r\n"))
	if got, want := fates(env), "k@a.example delivered; k@b.example failed 5.7.30"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := copies(n.peers...); got != "k@a.example 1" || smarthost.Told("MAIL") > 0 {
		t.Errorf("copies %s", got)
	}
}

// TestREQUIRETLSGoesNowhereBehindARedirectToAServerWithoutIt, and an attempt later on
// does not show it the message either.
func TestREQUIRETLSGoesNowhereBehindARedirectToAServerWithoutIt(t *testing.T) {
	for _, tt := range []struct {
		name, there, fate string
	}{
		{"it keeps REQUIRETLS", withTLS, "delivered"},
		{"it has TLS alone", "EHLO => PIPELINING,STARTTLS", "failed 5.7.30"},
		{"it has no TLS", "EHLO => PIPELINING,REQUIRETLS", "deferred 4.7.5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, true, "new.example A 127.0.0.125")
			theirs, _ := n.certify("new.example")
			there := n.server(125, tt.there, theirs)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ours, _ := n.certify("smarthost.old.example")
			smarthost := servePeer(t, l, withTLS+"RCPT TO:<k@old => 557 5.2.7 <k@new.example>", ours)
			s := smarthost.smarthost()
			s.Scheme = route.Submission
			r := n.relay(s)
			r.Redirect.Via, r.SMTP.TLS.ServerName = redirect.ViaMX, "smarthost.old.example"
			env := protected("k@old.example")
			for range 2 {
				wake(env)
				r.Deliver(t.Context(), env, newMessage("hello\r\n"))
				if got := fates(env); got != "k@old.example "+tt.fate {
					t.Errorf("%s: %s", got, env.Recipients[0].Outcome.Text())
				}
			}
			if smarthost.Told("RCPT TO:<k@old") != 1 {
				t.Errorf("nobody redirected: %q", smarthost.Commands())
			}
			if shown := there.Told("MAIL"); (shown == 1) != (tt.fate == "delivered") || shown != there.Told("MAIL FROM:<me@here.example> REQUIRETLS") {
				t.Errorf("shown to it: %q", there.Commands())
			}
		})
	}
}

// TestARedirectIsFollowedFromTheServerThatKeepsREQUIRETLS, which was not the first.
func TestARedirectIsFollowedFromTheServerThatKeepsREQUIRETLS(t *testing.T) {
	n := newNetwork(t, false, "")
	config, _ := n.certify("smarthost.example")
	first := n.server(126, "EHLO => PIPELINING,STARTTLS", config)
	second := n.server(127, withTLS+"RCPT TO:<k@old => 557 5.2.7 <k@new.example>", config)
	list := deliverBy(first, second)
	list[0].Scheme, list[1].Scheme = route.Submission, route.Submission
	r := n.relay(list...)
	r.SMTP.TLS.ServerName = "smarthost.example"
	env := protected("k@old.example", "k@new.example")
	r.Deliver(t.Context(), env, newMessage("hello\r\n"))
	if got := copies(n.peers...); got != "k@new.example 1" || first.Told("MAIL") > 0 || first.Sessions()+second.Sessions() != 2 {
		t.Errorf("%s: copies %s", fates(env), got)
	}
}

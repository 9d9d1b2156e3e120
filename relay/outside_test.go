package relay

import (
	"context"
	"net"
	"testing"

	"mailchute/relay/redirect"
	"mailchute/relay/route"
)

// abroad is a connection to a server that is not on this machine, as far as it tells.
type abroad struct{ net.Conn }

func (abroad) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 79), Port: 25} }

// TestAServerOutsideDoesNotChooseWhomWeTalkToInside: a redirect leads onto this machine
// or into its network only where a server that stands there has said it, or the
// configuration names the domain.
func TestAServerOutsideDoesNotChooseWhomWeTalkToInside(t *testing.T) {
	const delivered, refused = "k@old.example delivered", "k@old.example failed 5.7.1"
	for _, tt := range []struct {
		name    string
		outside bool
		allow   []string
		fate    string
	}{
		{"a server inside", false, []string{"*"}, delivered},
		{"a server outside", true, []string{"*"}, refused},
		{"a server outside, and the domain is named", true, []string{"*", "new.example"}, delivered},
		{"a server outside, and the domain above it is named", true, []string{"*.example"}, delivered},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, "new.example A 127.0.0.78")
			n.server(78, "", nil)
			old := n.server(79, "RCPT TO:<k@old => 557 5.2.7 <k@new.example>", nil)
			r := n.relay(route.Smarthost{Scheme: route.SMTP, Host: "127.0.0.79", Port: n.port})
			r.Redirect.Via, r.Redirect.Remember, r.Redirect.AllowDomains = redirect.ViaMX, true, tt.allow
			r.SMTP.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := (&net.Dialer{}).DialContext(ctx, network, address)
				if err == nil && tt.outside && address == old.listener.Addr().String() {
					c = abroad{c}
				}
				return c, err
			}
			n.knows(r)
			if tt.fate == refused {
				n.expect(r, "k@old.example", refused, "")
				return
			}
			n.expect(r, "k@old.example", delivered, "k@new.example 1")
			entries, err := r.Memory.List()
			if err != nil || len(entries) != 1 || entries[0].Outside != tt.outside {
				t.Fatalf("learnt %+v, %v", entries, err)
			}
			// Where the domain is not named any more, what is remembered leads nowhere: it
			// is forgotten, and the old server is asked again.
			r.Redirect.AllowDomains = []string{"*"}
			want := delivered
			if tt.outside {
				want = refused
			}
			env := newEnvelope("k@old.example")
			r.Deliver(t.Context(), env, newMessage("again\r\n"))
			if got := fates(env); got != want {
				t.Errorf("from memory: %s, want %s", got, want)
			}
		})
	}
}

package relay

import (
	"testing"

	"mailchute/relay/redirect"
)

// TestA558IsBarredOnlyFromWhoSaidItForItsOwnMailbox: the MX of the new domain may be
// the smarthost that passed the reply on, for one that nobody of either knows.
func TestA558IsBarredOnlyFromWhoSaidItForItsOwnMailbox(t *testing.T) {
	for _, code := range []string{"557 5.2.7", "558 5.2.8"} {
		n := newNetwork(t, false, "new.example MX 1 mx.new.example\nmx.new.example A 127.0.0.91\n")
		const name = "EHLO => 250 relay.provider.example\n"
		smarthost := newPeer(t, name+"RCPT TO:<k@old => "+code+" <k@new.example>")
		n.server(91, name, nil)
		r := n.relay(smarthost.smarthost())
		r.Redirect.Via = redirect.ViaMX
		n.expect(r, "k@old.example", "k@old.example delivered", "k@new.example 1")
	}
}

func TestBehindA558TheNextServerOfTheNewDomainTakesOver(t *testing.T) {
	const zone = "old.example MX 1 mx.host.example\nnew.example MX 1 mx.host.example\nmx.host.example A 127.0.0.92\nmx2.other.example A 127.0.0.93\n"
	for _, tt := range []struct {
		name, zone, second, fates, copies string
	}{
		{"which is another one", "new.example MX 2 mx2.other.example", "mx2.other.example", "delivered", "k@new.example 1; m@new.example 1"},
		{"which is down now", "new.example MX 2 mx3.other.example\nmx3.other.example A 127.0.0.94", "", "deferred 4.4.1", "m@new.example 1"},
		{"which is the same", "new.example MX 2 mx2.other.example", "mx.host.example", "failed 5.4.4", "m@new.example 1"},
		{"and there is none", "", "mx2.other.example", "failed 5.4.4", "m@new.example 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, zone+tt.zone)
			first := n.server(92, "EHLO => 250 mx.host.example\nRCPT TO:<k@old => 558 5.2.8 <k@new.example>", nil)
			n.server(93, "EHLO => 250 "+tt.second, nil)
			n.expect(n.relay(), "k@old.example m@new.example", "k@old.example "+tt.fates+"; m@new.example delivered", tt.copies)
			if first.Told("RCPT TO:<k@new") > 0 {
				t.Error("the old mailbox's own server was offered the new address")
			}
		})
	}
}

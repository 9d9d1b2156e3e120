package relay

import (
	"fmt"
	"slices"
	"testing"

	"mailchute/relay/envelope"
)

func numbered(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("r%d@x.example", i))
	}
	return all
}

func TestLimitsOfATransaction(t *testing.T) {
	for _, c := range []struct {
		name, script string
		room         int
		to           []string
		groups       []int
		sessions     int
	}{
		{"452 behind accepted ones puts the rest into further transactions", "", 3, numbered(8), []int{3, 3, 2}, 2},
		{"552 of the old school too", "once RCPT TO:<r2 => 552 too many recipients\nEHLO => 8BITMIME", 0, numbered(4), []int{3, 1}, 1},
		{"RCPTMAX is kept", "EHLO => PIPELINING,LIMITS RCPTMAX=3", 3, numbered(8), []int{3, 3, 2}, 1},
		{"MAILMAX is kept", "EHLO => PIPELINING,LIMITS MAILMAX=2 RCPTMAX=1", 1, numbered(5), []int{1, 1, 1, 1, 1}, 3},
		{"RCPTDOMAINMAX is kept, and each domain stands together", "EHLO => PIPELINING,LIMITS RCPTDOMAINMAX=1", 0,
			[]string{"a@x.example", "a@y.example", "b@X.example", "b@y.example", "c@x.example"}, []int{3, 2}, 2},
		{"RCPTDOMAINMAX is about the session, RFC 9422 4.3, and not about each transaction", "EHLO => PIPELINING,LIMITS RCPTMAX=1 RCPTDOMAINMAX=2", 1,
			[]string{"a@x.example", "a@y.example", "a@z.example", "b@x.example"}, []int{1, 1, 1, 1}, 2},
		{"two domains at a time", "EHLO => PIPELINING,LIMITS RCPTDOMAINMAX=2", 0,
			[]string{"a@x.example", "a@y.example", "a@z.example", "b@x.example"}, []int{3, 1}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPeer(t, c.script)
			p.Room = c.room
			env := deliver(t, c.to, nil, p)
			if !slices.Equal(p.groups(), c.groups) || p.Sessions() != c.sessions {
				t.Errorf("transactions of %v in %d sessions, want %v in %d", p.groups(), p.Sessions(), c.groups, c.sessions)
			}
			everyoneOnce(t, env, p)
		})
	}
}

func everyoneOnce(t *testing.T, env *envelope.Envelope, p *peer) {
	t.Helper()
	for _, r := range env.Recipients {
		if r.Outcome.State != envelope.Delivered || p.Copies()[r.Address.String()] != 1 {
			t.Fatalf("%s: %s, %d copies", r.Address, r.Outcome.Text(), p.Copies()[r.Address.String()])
		}
	}
}

func TestThousandsOfRecipientsCostEachTheSame(t *testing.T) {
	const n = 10_000
	p := newPeer(t, "EHLO => PIPELINING")
	p.Room = 100
	everyoneOnce(t, deliver(t, numbered(n), nil, p), p)
	if got := p.Told("RCPT"); got != 2*n-100 {
		t.Errorf("%d RCPTs; want each once, and once more for those that did not fit the first time", got)
	}

	// The list's own work, counted: a mailbox is looked at when it is put in and
	// when it is taken out, and never while it waits.
	var w worklist
	env := newEnvelope(numbered(n)...)
	w.begin(env, func(*envelope.Recipient) lane { return lane{} })
	w.add(env.Recipients...)
	taken := 0
	for !w.isEmpty() {
		batch := w.take(100, &domainLimit{most: 1}, nil)
		w.back(batch[50:])
		taken += len(batch)
	}
	if taken > 2*n+100 {
		t.Errorf("%d mailboxes were taken for %d", taken, n)
	}
}

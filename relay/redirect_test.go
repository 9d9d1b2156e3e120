package relay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
)

func TestARedirectedCopy(t *testing.T) {
	moved := func(from, to string) string { return "RCPT TO:<" + from + "> => 557 5.2.7 moved to <" + to + ">\n" }
	play(t, []story{
		{name: "goes to the new address", second: "none", first: moved("a@x.example", "b@y.example"), fates: "a@x.example delivered", copies: "b@y.example 1"},
		{name: "by 558 too", second: "none", first: "RCPT TO:<a => 558 5.2.8 <b@y.example>", fates: "a@x.example delivered", copies: "b@y.example 1"},
		{name: "not by 551, which is not asked for", second: "none", first: "RCPT TO:<a => 551 <b@y.example>", fates: "a@x.example failed 551"},
		{name: "with no address fails", second: "none", first: "RCPT TO:<a => 557 5.2.7 moved away", fates: "a@x.example failed 557"},
		{name: "with two addresses fails", second: "none", first: "RCPT TO:<a => 557 5.2.7 <b@y.example> or <c@y.example>", fates: "a@x.example failed 557"},
		{name: "at MAIL is a failure", second: "none", first: "MAIL => 557 5.2.7 <b@y.example>", fates: "a@x.example failed 557"},
		{name: "after the text is a failure", second: "none", first: "END => 558 5.2.8 <b@y.example>", fates: "a@x.example failed 558"},
		{name: "goes along a chain", second: "none", first: moved("a@x.example", "b@y.example") + moved("b@y.example", "c@z.example"), fates: "a@x.example delivered", copies: "c@z.example 1"},
		{name: "in a circle fails", second: "none", first: moved("a@x.example", "b@y.example") + moved("b@y.example", "a@x.example"), fates: "a@x.example failed 557"},
		{name: "to itself fails", second: "none", first: moved("a@x.example", "a@X.EXAMPLE"), fates: "a@x.example failed 557"},
		{name: "takes five hops", second: "none", first: hops(5), fates: "a@x.example delivered", copies: "h5@x.example 1"},
		{name: "takes no sixth hop", second: "none", first: hops(6), fates: "a@x.example failed 557"},
		{name: "and another one that meet get one copy", second: "none", to: "a@x.example b@x.example",
			first: moved("a@x.example", "n@y.example") + moved("b@x.example", "n@y.example"),
			fates: "a@x.example delivered; b@x.example delivered", copies: "n@y.example 1"},
		{name: "shares a delivery to the new address", second: "none", to: "a@x.example b@x.example", first: moved("a@x.example", "b@x.example"),
			fates: "a@x.example delivered; b@x.example delivered", copies: "b@x.example 1"},
		{name: "shares a delay of the new address", second: "none", to: "b@x.example a@x.example", first: moved("a@x.example", "b@x.example") + "RCPT TO:<b => 450 4.2.0 later",
			fates: "b@x.example deferred 450; a@x.example deferred 450"},
		{name: "shares a failure of the new address", second: "none", to: "b@x.example a@x.example", first: moved("a@x.example", "b@x.example") + "RCPT TO:<b => 550 5.1.1 no",
			fates: "b@x.example failed 550; a@x.example failed 550"},
		{name: "to one that has moved on follows it", second: "none", to: "a@x.example b@x.example",
			first: moved("a@x.example", "b@x.example") + moved("b@x.example", "c@x.example"),
			fates: "a@x.example delivered; b@x.example delivered", copies: "c@x.example 1"},
		{name: "to one that waits for a further transaction meets it there", second: "none", to: "a@x.example b@x.example c@x.example",
			first: moved("a@x.example", "c@x.example") + "once RCPT TO:<c => 452 4.5.3 too many\n",
			fates: "a@x.example delivered; b@x.example delivered; c@x.example delivered", copies: "b@x.example 1; c@x.example 1"},
		{name: "is still known when the way is lost then", to: "a@x.example", first: moved("a@x.example", "b@y.example") + "RCPT TO:<b => 421 closing",
			fates: "a@x.example delivered", copies: "b@y.example 1"},
	}, nil)
}

// hops is a chain of n redirects from a@x.example to h<n>@x.example.
func hops(n int) string {
	var b strings.Builder
	from := "a@x.example"
	for i := range n {
		to := fmt.Sprintf("h%d@x.example", i+1)
		fmt.Fprintf(&b, "RCPT TO:<%s> => 557 5.2.7 <%s>\n", from, to)
		from = to
	}
	return b.String()
}

func TestACopyOfAnEarlierAttemptIsNotSentAgain(t *testing.T) {
	for _, state := range []envelope.State{envelope.Delivered, envelope.Deferred} {
		p := newPeer(t, "RCPT TO:<a => 557 5.2.7 <b@x.example>")
		env := deliver(t, []string{"a@x.example", "b@x.example"}, func(_ *Relay, env *envelope.Envelope) {
			env.Recipients[1].Outcome.State = state
		}, p)
		if got := env.Recipients[0].Outcome.State; got != state || len(p.Copies()) != 0 {
			t.Errorf("state %v, want %v; copies %v", got, state, p.Copies())
		}
	}
}

func TestTheObserverIsToldOfEachRedirectAndOfEachDroppedWishOnce(t *testing.T) {
	p := newPeer(t, "EHLO => 8BITMIME,LIMITS RCPTMAX=1\nRCPT TO:<r1@ => 557 5.2.7 <n@y.example>")
	var told, notes []string
	deliver(t, numbered(4), func(r *Relay, env *envelope.Envelope) {
		env.Options.Return = envelope.ReturnFull
		env.Recipients[2].Notify.Never = true
		r.Observer.Redirected = func(_ *envelope.Envelope, rcpt *envelope.Recipient, server string) {
			told = append(told, rcpt.Original.String()+" to "+rcpt.Address.String()+" by "+server)
		}
		r.Observer.Note = func(text string) { notes = append(notes, text) }
	}, p)
	if want := []string{"r1@x.example to n@y.example by peer.example"}; !slices.Equal(told, want) {
		t.Errorf("redirects %q", told)
	}
	if want := []string{"the server does not offer DSN; sent without"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
}

func TestARedirectIsNotFollowedWhereThePolicyForbidsIt(t *testing.T) {
	for name, change := range map[string]func(*redirect.Policy){
		"never":            func(p *redirect.Policy) { p.Follow = redirect.FollowNever },
		"another domain":   func(p *redirect.Policy) { p.AllowDomains = []string{"x.example"} },
		"no hop at all":    func(p *redirect.Policy) { p.MaxHops = 0 },
		"not in the codes": func(p *redirect.Policy) { p.Codes = []int{558} },
	} {
		p := newPeer(t, "RCPT TO:<a => 557 5.2.7 <b@y.example>")
		env := deliver(t, []string{"a@x.example"}, func(r *Relay, _ *envelope.Envelope) { change(&r.Redirect) }, p)
		if len(env.Failed()) != 1 || len(p.Copies()) != 0 {
			t.Errorf("%s: %s, copies %v", name, fates(env), p.Copies())
		}
	}
}

package relay

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
)

// TestRandomWorldsOfRedirects plays worlds of many servers that contradict each other,
// and looks at what must hold in all of them, whatever the rules: nobody gets two
// copies, who is told of a delivery has one, nobody's fate is worse because of another
// recipient, nobody fails because of what is remembered, no 558 comes back to the old
// mailbox's own server, and what a domain demanded of TLS holds behind its redirects.
//
// MAILCHUTE_WORLDS is another number of worlds. They come in the same order each time.
func TestRandomWorldsOfRedirects(t *testing.T) {
	worlds := 250
	if n, err := strconv.Atoi(os.Getenv("MAILCHUTE_WORLDS")); err == nil {
		worlds = n
	}
	s := newRandomStage(t)
	for n := range worlds {
		if w := s.world(); !t.Run(strconv.Itoa(n), func(t *testing.T) { s.check(t, w) }) {
			t.Fatal(w)
		}
	}
}

// check plays a world with all recipients, with each alone, and with each some days on,
// with what was learnt and without.
func (s *randomStage) check(t *testing.T, w randomWorld) {
	s.t = t
	s.checkCopies(w, s.play(w, s.memory(), s.somebody, w.to...))
	together := s.play(w, s.memory(), nobody, w.to...)
	s.checkCopies(w, together)
	for i, to := range w.to {
		m := s.memory()
		alone := s.play(w, m, nobody, to)
		s.checkCopies(w, alone)
		s.checkWay(w, alone.Recipients[0])
		if a, b := together.Recipients[i], alone.Recipients[0]; b.Outcome.State == envelope.Delivered && a.Outcome.State != envelope.Delivered {
			t.Errorf("together: %s\nalone: %s", told(a), told(b))
		}

		next := s.later(w)
		remembering := s.play(next, m, nobody, to)
		s.checkCopies(next, remembering)
		if r := remembering.Recipients[0]; len(r.Trail) > 0 && r.Trail[0].Remembered { // else it may have been on another way before
			s.checkWay(next, r)
		}
		asking := s.play(next, s.memory(), nobody, to)
		// Where the new mailbox is out of reach for now, the copy waits for it.
		if a, b := remembering.Recipients[0], asking.Recipients[0]; b.Outcome.State == envelope.Delivered && a.Outcome.State == envelope.Failed {
			t.Errorf("with a memory: %s\nwithout: %s", told(a), told(b))
		}
		if t.Failed() {
			t.Log("later: ", next)
			return
		}
	}
}

func (s *randomStage) checkCopies(w randomWorld, env *envelope.Envelope) {
	s.t.Helper()
	got := copiesOf(s.peers()...)
	for box, n := range got {
		if n > 1 || box == w.served {
			s.t.Errorf("%d copies for %s: %s", n, box, fates(env))
		}
	}
	for _, r := range env.Recipients {
		switch state := r.Outcome.State; {
		case state == envelope.Pending:
			s.t.Errorf("%s is pending", r.Original)
		case state == envelope.Delivered && got[r.Address.String()] == 0 && r.Address.String() != w.served:
			s.t.Errorf("%s is delivered, and there is no copy at %s", r.Original, r.Address)
		}
		seen := map[string]bool{}
		for _, h := range r.Trail {
			if seen[h.From.Key()] {
				s.t.Errorf("a circle: %s", told(r))
			}
			seen[h.From.Key()] = true
		}
	}
}

// checkWay looks at the servers of one who was alone.
func (s *randomStage) checkWay(w randomWorld, r *envelope.Recipient) {
	s.t.Helper()
	names := map[string]*peer{w.smarthost: s.smart}
	for domain, p := range s.mx {
		names["mx."+domain] = p
	}
	for _, h := range r.Trail {
		for name, p := range names {
			own := h.Own && h.Server == name || p == s.smart && redirect.IsOwn(h.From.Domain, name)
			if h.Code == 558 && own && p.Told("RCPT TO:<"+h.To.String()+">") > 0 {
				s.t.Errorf("behind a 558 %s was offered %s: %s", name, h.To, told(r))
			}
		}
	}
	secret := w.protected || len(r.Trail) > 0 && r.Trail[len(r.Trail)-1].Demanded
	if secret && copiesOf(s.smart, s.spare)[r.Address.String()] > 0 {
		s.t.Errorf("sent in the clear: %s", told(r))
	}
}

// told is what became of a recipient, and on which way.
func told(r *envelope.Recipient) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", fates(&envelope.Envelope{Recipients: []*envelope.Recipient{r}}), r.Outcome.Text())
	for _, h := range r.Trail {
		fmt.Fprintf(&b, "; %d to %s (remembered %v, direct %v, TLS %v)", h.Code, h.To, h.Remembered, h.Direct, h.TLS)
	}
	return b.String()
}

package relay

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
)

// Where a recipient of the model stands.
const (
	submitted = "submitted"                  // for the old mailbox, just now
	sentOn    = "queued at the old mailbox"  // where an earlier redirect has led it
	waited    = "waited for the new mailbox" // which said 450 in a first attempt
)

// The mailboxes of the model.
const (
	startBox = "first@start.example"
	oldBox   = "k@old.example"
	newBox   = "k@new.example"
	goneBox  = "gone@new.example" // 550 5.1.1 wherever it is tried

	toNewBox  = "RCPT TO:<" + newBox // how they are offered
	toGoneBox = "RCPT TO:<" + goneBox
)

// world is one combination.
type world struct {
	code    int // what the old mailbox's server says to RCPT
	follow  string
	trusted bool // the connection to the smarthost is loopback; else somebody may stand between
	via     string
	own     bool   // the smarthost is the old mailbox's own server
	atMax   bool   // the recipient has taken all the redirects it may
	memory  string // what a 557 has taught: "old>new", or ""
	state   string
	both    bool // the new mailbox is a recipient of its own, too
}

func (w world) String() string {
	return fmt.Sprintf("%d, follow %s, trusted %v, via %s, own server %v, at max_hops %v, remembered %q, %s, new one named too %v",
		w.code, w.follow, w.trusted, w.via, w.own, w.atMax, w.memory, w.state, w.both)
}

// worlds is every combination.
func worlds(yield func(world) bool) {
	for _, code := range []int{250, 551, 557, 558} {
		for _, follow := range []string{redirect.FollowVerified, redirect.FollowAlways, redirect.FollowNever} {
			for _, via := range []string{redirect.ViaAuto, redirect.ViaSmarthost, redirect.ViaMX} {
				for _, memory := range []string{"", oldBox + ">" + newBox, oldBox + ">" + goneBox, newBox + ">" + oldBox} {
					for _, state := range []string{submitted, sentOn, waited} {
						for bits := range 16 {
							w := world{code, follow, bits&1 != 0, via, bits&2 != 0, bits&4 != 0, memory, state, bits&8 != 0}
							if !yield(w) {
								return
							}
						}
					}
				}
			}
		}
	}
}

// recalled is where the memory leads a recipient before anybody is asked, "" for
// nowhere. One who has been sent on already goes where his trail ends.
func (w world) recalled(from string) string {
	old, to, _ := strings.Cut(w.memory, ">")
	if old != from || w.follow == redirect.FollowNever || from == oldBox && w.state == sentOn || w.maxHops() == 0 {
		return ""
	}
	return to
}

func (w world) maxHops() int {
	switch {
	case !w.atMax:
		return 5
	case w.state == sentOn:
		return 1
	}
	return 0
}

// follows tells whether the old mailbox's answer leads to the new one. A 558 must
// not be tried at the old mailbox's own server (draft-sam-smtp-redirects section
// 3.2), so it is followed nowhere where there is no other way.
func (w world) follows() bool {
	cornered := w.code == 558 && w.own && w.via == redirect.ViaSmarthost
	return w.code != 250 && !w.atMax && !cornered && (w.follow == redirect.FollowAlways || w.follow == redirect.FollowVerified && w.trusted)
}

// arrives is the mailbox where the copy for the old one ends, "" where it fails.
func (w world) arrives() string {
	switch {
	case w.recalled(oldBox) == newBox || w.follows():
		return newBox
	case w.code == 250:
		return oldBox
	}
	return ""
}

// ownArrives is the same for the new mailbox when it is named itself: it is there
// whatever the memory believes, unless the old one takes what is for it.
func (w world) ownArrives() string {
	if w.recalled(newBox) == oldBox && w.code == 250 {
		return oldBox
	}
	return newBox
}

// leaves tells whether the new mailbox must not be shown to the smarthost once it
// has redirected, now or as the memory knows.
func (w world) leaves() bool {
	return w.via == redirect.ViaMX || w.own && (w.via == redirect.ViaAuto || w.code == 558 && w.recalled(oldBox) != newBox)
}

// TestTheModelOfRedirects plays every combination of what is said, who says it,
// what the policy wants, what is remembered and where the recipient stands. All
// of them come to an end, and to the one that the rules of
// draft-sam-smtp-redirects section 3 and the policy give: one copy or one failure.
func TestTheModelOfRedirects(t *testing.T) {
	var wait sync.WaitGroup
	todo, played := make(chan world), 0
	for range 8 { // most of the time goes by waiting
		s := newModelStage(t)
		wait.Go(func() {
			for w := range todo {
				s.play(w)
			}
		})
	}
	for w := range worlds {
		todo <- w
		played++
	}
	close(todo)
	wait.Wait()
	if want := 4 * 3 * 3 * 4 * 3 * 16; played != want {
		t.Errorf("%d combinations, want %d", played, want)
	}
}

func (s *modelStage) play(w world) {
	smarthost := s.smarthosts[fmt.Sprint(w.code, w.own)]
	r, env, attempts := s.relayOf(w, smarthost), envelopeOf(w), 1
	smarthost.Forget()
	s.theirs.Forget()
	if w.state == waited {
		attempts = 2
		smarthost.rest(true)
		s.theirs.rest(true)
		r.Deliver(s.t.Context(), env, newMessage("hello\r\n"))
		smarthost.rest(false)
		s.theirs.rest(false)
		s.checkQueued(w, env, smarthost)
		wake(env)
	}
	r.Deliver(s.t.Context(), env, newMessage("hello\r\n"))
	s.checkFates(w, env, smarthost)
	s.checkSecrecy(w, smarthost, attempts)
	s.checkMemory(w, r.Memory)
	if len(s.notes) > 0 { // such as a 558 that the memory had to refuse
		s.t.Errorf("%v: %q", w, s.notes)
		s.notes = nil
	}
}

// checkQueued looks at a first attempt in which the new mailbox wanted no copy yet.
func (s *modelStage) checkQueued(w world, env *envelope.Envelope, smarthost *peer) {
	ends := []string{w.arrives(), w.ownArrives()}
	for i, r := range env.Recipients {
		state := r.Outcome.State
		if state == envelope.Pending || (ends[i] == newBox) != (state == envelope.Deferred) {
			s.t.Errorf("%v: in the first attempt: %s", w, fates(env))
		}
	}
	if got := total(newBox, smarthost, s.theirs); got != 0 {
		s.t.Errorf("%v: %d copies for who rests: %s", w, got, fates(env))
	}
}

func (s *modelStage) checkFates(w world, env *envelope.Envelope, smarthost *peer) {
	ends := []string{w.arrives(), w.ownArrives()}
	for i, r := range env.Recipients {
		state, text := r.Outcome.State, r.Outcome.Text()
		switch end := ends[i]; {
		case end == "" && (state != envelope.Failed || text == ""), end != "" && state != envelope.Delivered:
			s.t.Errorf("%v: want it at %q: %s: %s", w, end, fates(env), text)
		case end != "" && r.Address.String() != end:
			s.t.Errorf("%v: %s is at %s, want %s", w, r.Original, r.Address, end)
		}
	}
	for _, box := range []string{startBox, oldBox, newBox, goneBox} {
		want := 0
		if slices.Contains(ends[:len(env.Recipients)], box) {
			want = 1
		}
		if got := total(box, smarthost, s.theirs); got != want {
			s.t.Errorf("%v: %d copies for %s, want %d: %s", w, got, box, want, fates(env))
		}
	}
}

// checkSecrecy looks at what servers were told that is not for them: the password,
// and the new address once it must go another way. A sender who names it himself
// means the smarthost to have it.
func (s *modelStage) checkSecrecy(w world, smarthost *peer, attempts int) {
	if s.theirs.Told("AUTH") > 0 {
		s.t.Errorf("%v: logged in at the new domain's server", w)
	}
	passedBy := w.leaves() && w.recalled(oldBox) == newBox && !w.both
	if want := w.trusted && !passedBy; want != (smarthost.Told("AUTH") > 0) {
		s.t.Errorf("%v: logged in %d times at the smarthost", w, smarthost.Told("AUTH"))
	}
	most := 0
	if w.both || !w.leaves() {
		most = attempts
	}
	if n := smarthost.Told(toNewBox); n > most {
		s.t.Errorf("%v: the smarthost was offered the new address %d times, at most %d are right", w, n, most)
	}
	if n := smarthost.Told(toGoneBox); n > 0 && w.leaves() && w.code != 558 {
		s.t.Errorf("%v: the smarthost was offered an address from memory that goes another way", w)
	}
}

// checkMemory looks at what is known afterwards: nothing but what a 557 said, no
// circle, and nothing that was found wrong.
func (s *modelStage) checkMemory(w world, m *redirect.Memory) {
	entries, err := m.List()
	if err != nil {
		s.t.Errorf("%v: %v", w, err)
	}
	to := map[string]string{}
	said := map[string]bool{startBox + ">" + oldBox: w.state == sentOn && w.arrives() != "", oldBox + ">" + newBox: w.code == 557 && w.follows()}
	for _, e := range entries {
		to[e.Old.String()] = e.New.String()
		pair := e.Old.String() + ">" + e.New.String()
		if pair != w.memory && (!said[pair] || e.Unproven != !w.trusted) || e.Code != 557 {
			s.t.Errorf("%v: learnt %d %s to %s", w, e.Code, e.Old, e.New)
		}
	}
	if to[oldBox] == newBox && to[newBox] == oldBox {
		s.t.Errorf("%v: a circle is remembered", w)
	}
	if to[oldBox] == goneBox && w.recalled(oldBox) != "" {
		s.t.Errorf("%v: who is gone is still remembered", w)
	}
	lost := said[startBox+">"+oldBox] && to[startBox] != oldBox
	hearsay := !w.trusted && w.memory != "" // counts for less than what is known
	if lost || said[oldBox+">"+newBox] && !hearsay && to[oldBox] != newBox {
		s.t.Errorf("%v: nothing was learnt", w)
	}
}

// total is how many copies a mailbox has got.
func total(box string, peers ...*peer) int { return copiesOf(peers...)[box] }

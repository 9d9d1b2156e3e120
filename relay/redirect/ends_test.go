package redirect

import (
	"fmt"
	"testing"

	"mailchute/headers/address"
)

// TestEveryRecipientEnds plays every policy against networks whose servers
// redirect in lines, circles and for ever, and holds the promise: each recipient
// ends in exactly one of delivered and failed, after MaxHops redirects at most,
// and no address is offered twice.
func TestEveryRecipientEnds(t *testing.T) {
	networks := map[string]func(n int) int{ // mailbox n redirects to; -1 takes the mail
		"the first takes it":  func(int) int { return -1 },
		"one redirect":        func(n int) int { return []int{1, -1}[n] },
		"a line of four":      func(n int) int { return []int{1, 2, 3, 4, -1}[n] },
		"to itself":           func(n int) int { return n },
		"a circle of two":     func(n int) int { return 1 - n },
		"a circle behind":     func(n int) int { return []int{1, 2, 3, 1}[n] },
		"for ever":            func(n int) int { return n + 1 },
		"the last is the old": func(n int) int { return (n + 1) % 5 },
	}
	count := 0
	for name, next := range networks {
		everyPolicy(func(p Policy, code int, trusted bool) {
			count++
			end := play(t, p, code, trusted, next)
			ends := next(0) == -1 || (p.Covers(code) && p.Follow != FollowNever && p.allows("new.example") &&
				(trusted || p.Follow == FollowAlways) && lineEnds(next, p.MaxHops))
			if want := map[bool]string{true: "delivered", false: "failed"}[ends]; end != want {
				t.Errorf("%s, %d, trusted %v, %+v: %s, want %s", name, code, trusted, p, end, want)
			}
		})
	}
	t.Logf("%d combinations", count)
}

// lineEnds tells whether a mailbox that takes the mail is within reach.
func lineEnds(next func(int) int, hops int) bool {
	for n := 0; hops >= 0; hops-- {
		if n = next(n); n == -1 {
			return true
		}
	}
	return false
}

func everyPolicy(try func(p Policy, code int, trusted bool)) {
	for _, code := range []int{550, 551, 557, 558} {
		for _, trusted := range []bool{true, false} {
			for _, follow := range []string{FollowVerified, FollowAlways, FollowNever} {
				for _, via := range []string{ViaAuto, ViaSmarthost, ViaMX} {
					for hops := range 7 {
						for _, allow := range []string{"*", "new.example", "*.new.example"} {
							for _, codes := range [][]int{{557, 558}, {557}, {551, 557, 558}, {}} {
								try(Policy{Follow: follow, Via: via, MaxHops: hops, AllowDomains: []string{allow}, Codes: codes}, code, trusted)
							}
						}
					}
				}
			}
		}
	}
}

// play sends one copy through a network and tells how it ended.
func play(t *testing.T, p Policy, code int, trusted bool, next func(int) int) string {
	at := func(n int) address.Addr { return address.Addr{Local: fmt.Sprintf("m%d", n), Domain: "new.example"} }
	offered := map[string]bool{}
	for n, hops := 0, 0; ; hops++ {
		if offered[at(n).Key()] {
			t.Fatalf("%v is offered twice", at(n))
		}
		if hops > p.MaxHops {
			t.Fatalf("%d redirects taken, %d allowed", hops, p.MaxHops)
		}
		offered[at(n).Key()] = true
		to := next(n)
		if to == -1 {
			return "delivered"
		}
		v := p.Decide(Question{
			Reply: rcpt(code, "moved to <"+at(to).String()+">"), Old: at(n), Hops: hops, Trusted: trusted,
			Visited: func(a address.Addr) bool { return offered[a.Key()] },
		})
		if v.Reason == "" || v.Status.Class != 5 {
			t.Fatalf("a verdict without a reason or a status: %+v", v)
		}
		if !v.Follow {
			return "failed"
		}
		if p.Via == ViaMX != v.Direct {
			t.Fatalf("the wrong way: %+v", v)
		}
		n = to
	}
}

package serve

import (
	"strconv"
	"testing"

	"mailchute/cmd/mailchute/host"
)

func TestTheGateLeavesRoomForOthers(t *testing.T) {
	g := newGate(1 << 20)
	n := 0
	for _, user := range []string{"a", "b", "c", "d", "e", "f"} {
		for g.enter(user) {
			n++
		}
	}
	if n != sessionsInAll+2*sessionsSure {
		t.Errorf("%d sessions", n)
	}
	if !g.enter("late") {
		t.Error("nothing was left for who came late")
	}
	g.leave("a")
	if g.enter("a") {
		t.Error("who has many got another while all are taken")
	}
	for range sessionsPerUser - 1 {
		g.leave("a")
	}
	if _, there := g.user["a"]; there || !g.enter("b") == (g.user["b"] < sessionsPerUser) {
		t.Error("leaving does not count")
	}
}

func TestTheServerKeepsDescriptorsForItself(t *testing.T) {
	for _, tt := range []struct {
		descriptors uint64
		most        int
	}{{0, 16}, {100, 16}, {256, 64}, {1024, 448}, {1 << 62, 1 << 19}} {
		if got := sessionsFor(tt.descriptors); got != tt.most {
			t.Errorf("%d descriptors: %d sessions, want %d", tt.descriptors, got, tt.most)
		}
	}
	g := newGate(sessionsFor(1024))
	n, ofOne := 0, 0
	for g.enter("flood") {
		ofOne++
	}
	for user := range 1000 {
		for g.enter(strconv.Itoa(user)) {
			n++
		}
	}
	if ofOne != sessionsPerUser || ofOne+n != 448 {
		t.Errorf("%d sessions, then %d", ofOne, n)
	}
}

func TestOnlyRootIsExempt(t *testing.T) {
	for _, tt := range []struct {
		c    client
		want bool
	}{{client{User: host.User{UID: 0, Login: "root"}, known: true}, true}, {client{User: host.User{UID: 1, Login: "daemon"}, known: true}, false}, {client{}, false}} {
		if exempt(tt.c) != tt.want {
			t.Errorf("%+v", tt.c)
		}
	}
}

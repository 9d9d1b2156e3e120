package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
)

func TestWhoseMailFromCounts(t *testing.T) {
	users := map[string][]string{"backup": {"backup@example.org", "*@backup.example"}, loopback: {"*@example.org"}}
	user := func(uid int, login string) client { return client{account{uid: uid, login: login}, true} }
	own := address.Addr{Local: "backup", Domain: "box.example"}
	for _, c := range []struct {
		name    string
		client  client
		sender  string
		trusted bool
		want    verdict
	}{
		{"root may use any", user(0, "root"), "any@where.example", false, counts},
		{"a user who is not named is not believed", user(7, "eve"), "boss@example.org", false, ignored},
		{"unless identity.trusted names him", user(7, "eve"), "boss@example.org", true, counts},
		{"nor is his null sender", user(7, "eve"), "", false, ignored},
		{"a user who is named may use what he is given", user(8, "backup"), "x@backup.example", false, counts},
		{"a bare name is qualified first", user(8, "backup"), "x", false, refused},
		{"his own address is his", user(8, "backup"), "backup@box.example", false, ignored},
		{"and nothing else", user(8, "backup"), "boss@example.org", false, refused},
		{"even when he is trusted otherwise", user(8, "backup"), "boss@example.org", true, refused},
		{"his null sender is not believed", user(8, "backup"), "", false, ignored},
		{"loopback may use what it is given", client{}, "a@example.org", false, counts},
		{"and nothing else there", client{}, "a@box.example", true, refused},
		{"a user called as loopback is, is a user with its rules", user(9, loopback), "a@box.example", false, refused},
	} {
		sender, err := address.Parse(c.sender)
		if err != nil {
			t.Fatal(err)
		}
		who := inject.Who{Domain: "box.example", System: own, Trusted: c.trusted}
		if got := judge(c.client, sender, who, config.Serve{Users: users}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := judge(client{}, own, inject.Who{Trusted: true}, config.Serve{}); got != refused {
		t.Errorf("loopback without a rule: %v", got)
	}
}

func TestTheGateLeavesRoomForOthers(t *testing.T) {
	g := newGate()
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

func TestTheBacklogGivesEachUserATurn(t *testing.T) {
	b := newBacklog()
	b.add("flood", "f1", "f2", "f3", "f4")
	b.add("one", "o1")
	b.add("two", "t1", "t2")
	if got := b.take(5); !slices.Equal(got, []string{"f1", "o1", "t1", "f2", "t2"}) {
		t.Errorf("%q", got)
	}
	if len(b.more) != 1 {
		t.Error("nobody is told of what is left")
	}
	if got := b.take(5); !slices.Equal(got, []string{"f3", "f4"}) || len(b.take(5)) != 0 || len(b.waiting) != 0 {
		t.Errorf("%q", got)
	}
}

func TestAStaleSocketIsReplacedAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "submit.sock")
	l := config.Listen{Network: "unix", Address: path}
	first, err := open(l)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := open(l); !errors.As(err, new(*runningError)) {
		t.Errorf("a second server: %v", err)
	}
	first.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	first.Close()
	second, err := open(l)
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	second.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(l); err == nil {
		t.Error("a file was replaced")
	}
}

func TestTheServiceManagerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	notify(path, "READY=1")
	notify("", "lost")
	notify(path+"x", "lost")
	notify(path, reloading())
	buf := make([]byte, 100)
	if n, err := l.Read(buf); err != nil || string(buf[:n]) != "READY=1" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if n, err := l.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

func TestUnitsArePrintedByName(t *testing.T) {
	for _, name := range []string{"mailchute.service", "mailchute.socket", "mailchute-queue.service", "mailchute-queue.timer"} {
		var out bytes.Buffer
		if err := printUnit(&out, name); err != nil || !strings.Contains(out.String(), "\n[Unit]\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := printUnit(&bytes.Buffer{}, "../serve.go")
	if !errors.As(err, new(*inject.UsageError)) || !strings.Contains(err.Error(), "mailchute.socket") {
		t.Error(err)
	}
}

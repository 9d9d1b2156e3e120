package serve

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
)

// testEntry is a message for the queue.
func testEntry() queue.Entry {
	to := address.Addr{Local: "a", Domain: "example.org"}
	return queue.Entry{
		Submitted: time.Now(),
		Envelope:  &envelope.Envelope{Recipients: []*envelope.Recipient{{Original: to, Address: to}}},
		Message:   &message.Message{Header: []byte("Subject: x\r\n"), Body: message.NewBody([]byte("x\r\n"), message.Traits{Size: 3})},
	}
}

func TestWhoseMailFromCounts(t *testing.T) {
	users := map[string][]string{"backup": {"backup@example.org", "*@backup.example"}, loopback: {"*@example.org"}}
	user := func(uid int, login string) client {
		return client{User: host.User{UID: uid, Login: login}, known: true}
	}
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

func TestALentUserIDHasNoShareOfItsOwn(t *testing.T) {
	for _, tt := range []struct {
		c    client
		want string
	}{
		{client{User: host.User{UID: 1000, Login: "joe", Listed: true}, known: true}, "joe"},
		{client{User: host.User{UID: 100001, Login: "uid100001"}, known: true, lender: "joe"}, "joe"},
		{client{User: host.User{UID: 70001, Login: "uid70001"}, known: true}, "uid70001"},
		{client{User: host.User{Login: "uid0"}, known: true}, "uid0"},
		{client{}, loopback},
	} {
		if got := tt.c.share(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.want)
		}
	}
}

func TestAMinuteHasRoomForSoManyAndForOthers(t *testing.T) {
	r := newRate()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	count := func(user string, perMinute int, now time.Time) (n int) {
		for n < 100 && r.allow(user, perMinute, now) {
			n++
		}
		return n
	}
	for _, c := range []struct {
		name      string
		user      string
		perMinute int
		after     time.Duration
		want      int
	}{
		{"all of a minute at once", "a", 6, 0, 6},
		{"nothing more then", "a", 6, 9 * time.Second, 0},
		{"but another has his own minute", "b", 6, 9 * time.Second, 6},
		{"evenly from then on", "a", 6, 10 * time.Second, 1},
		{"and what was not used is not lost", "a", 6, 40 * time.Second, 3},
		{"a minute later all is there again", "a", 6, 2 * time.Minute, 6},
		{"and no more for who was away for long", "a", 6, 24 * time.Hour, 6},
		{"a limit that a reload lowers counts at once", "a", 2, 24*time.Hour + 20*time.Second, 0},
		{"and one that it raises", "a", 60, 24*time.Hour + 20*time.Second, 20},
		{"a clock that is set back does not lock anybody out", "a", 60, 0, 60},
		{"0 is no limit", "c", 0, 0, 100},
	} {
		if got := count(c.user, c.perMinute, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestUsersWhoAreIdleAreForgotten(t *testing.T) {
	r := newRate()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	most := 0
	for i := range 100_000 { // a thousand new ones each minute
		r.allow(strconv.Itoa(i), 10, now.Add(time.Duration(i)*60*time.Millisecond))
		most = max(most, len(r.spent))
	}
	if most > 1000 {
		t.Errorf("%d are remembered", most)
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

func TestTheQueueIsCountedOnceForManyScrapes(t *testing.T) {
	q, err := queue.Open(t.TempDir() + "/queue")
	servetest.NoError(t, err)
	defer q.Close()
	d := depth{queue: q}
	now := time.Now()
	if n, oldest := d.look(now); n != 0 || !oldest.IsZero() {
		t.Errorf("%d, %v", n, oldest)
	}
	_, err = q.Accept(testEntry())
	servetest.NoError(t, err)
	if n, _ := d.look(now.Add(countEvery - time.Second)); n != 0 {
		t.Error("it was counted again at once")
	}
	if n, oldest := d.look(now.Add(time.Hour)); n != 1 || oldest.IsZero() {
		t.Errorf("%d, %v", n, oldest)
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

func TestTheBacklogIsBounded(t *testing.T) {
	b := newBacklog()
	b.add("flood", make([]string, maxBacklog-1)...)
	b.add("one", "o1", "o2")
	b.add("two", "t1")
	if got := b.take(maxBacklog + 2); len(got) != maxBacklog || len(b.waiting) != 0 || len(b.turns) != 0 {
		t.Errorf("%d ids, users %q", len(got), b.turns)
	}
	b.add("two", "t2")
	if got := b.take(1); !slices.Equal(got, []string{"t2"}) {
		t.Errorf("%q", got)
	}
}

func TestAStaleSocketIsReplacedAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "submit.sock")
	l := config.Listen{Network: "unix", Address: path}
	first, err := open(l, everybody)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := open(l, everybody); !errors.Is(err, errRunning) {
		t.Errorf("a second server: %v", err)
	}
	first.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	first.Close()
	second, err := open(l, everybody)
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	second.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(l, everybody); err == nil {
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

func TestTheWatchdogIsToldTwiceInItsTime(t *testing.T) {
	for _, tt := range []struct {
		name, usec, pid string
		want            time.Duration
	}{
		{"nobody asks", "", "", usualPulse},
		{"ten seconds", "10000000", "", 5 * time.Second},
		{"and it is for us", "10000000", strconv.Itoa(os.Getpid()), 5 * time.Second},
		{"it is for another process", "10000000", "1", usualPulse},
		{"an hour", "3600000000", "", usualPulse},
		{"nothing that could be kept", "1", "", usualPulse},
		{"no number", "-5", "", usualPulse},
		{"more than there is", "99999999999999999999", "", usualPulse},
	} {
		env := map[string]string{"WATCHDOG_USEC": tt.usec, "WATCHDOG_PID": tt.pid}
		if got := pulseEvery(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestWhereThereIsNoLogTheServerSpeaksForItself(t *testing.T) {
	for _, tt := range []struct{ to, there, want string }{
		{"auto", "", "stderr"},
		{"auto", "/run/systemd/journal/socket", "auto"},
		{"auto", "/dev/log", "auto"},
		{"none", "", "none"},
		{"/var/log/mail", "", "/var/log/mail"},
	} {
		if got := logTo(tt.to, func(path string) bool { return path == tt.there }); got != tt.want {
			t.Errorf("%q where there is %q: %q, want %q", tt.to, tt.there, got, tt.want)
		}
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

func TestAWorkerThatHasAConnectionIsCalledFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBacklog()
		called := make(chan bool)
		go func() { called <- b.wait(t.Context()) }()
		synctest.Wait()
		b.add("a", "a1")
		if !<-called || len(b.more) > 0 {
			t.Errorf("%d others were called", len(b.more))
		}
		b.add("a", "a2")
		if len(b.more) == 0 {
			t.Error("nobody was called, though nobody has a connection")
		}
		if !b.wait(t.Context()) {
			t.Error("a call that came early was not heard")
		}
		if began := time.Now(); b.wait(t.Context()) || time.Since(began) != linger {
			t.Errorf("a connection is kept for %v", time.Since(began))
		}
	})
}

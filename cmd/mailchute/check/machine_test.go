package check

import (
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/machine"
	"mailchute/inject/config"
	"mailchute/relay/queue"
)

// said is what a part of check says, one line each.
func said(tell func(about)) string {
	r := &findings{}
	tell(r.about(""))
	var lines []string
	for _, f := range r.all {
		lines = append(lines, f.Line(false))
	}
	return strings.Join(lines, "\n")
}

func TestTheHealthOfTheQueueIsTold(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	old := &queue.Summary{ID: "Q1", Submitted: now.Add(-26 * time.Hour), LastError: "no route to host"}
	young := &queue.Summary{ID: "Q2", Submitted: now.Add(-time.Minute), Held: true}
	for _, tt := range []struct {
		name   string
		health queueHealth
		timer  bool
		want   string
	}{
		{"nothing", queueHealth{}, true, "ok       queue: /q: nothing waits; it is run by the clock"},
		{"nothing, and nobody comes", queueHealth{}, false, "ok       queue: /q: nothing waits; each mail that works runs it, and nothing does by the clock"},
		{"not there yet", queueHealth{missing: true}, true, "ok       queue: /q is made when the first message has to wait"},
		{"no place for it", queueHealth{missing: true, err: errors.New("permission denied")}, true,
			"error    queue: /q cannot be used: permission denied; mail that cannot be sent at once is not kept; mend its owner and permissions (0700), or set queue.dir"},
		{"a young message", queueHealth{waiting: 1, oldest: young}, true, "note     queue: /q: 1 waiting, the oldest (Q2) for 1m0s: not tried yet (held by hand)"},
		{"an old one, and nobody comes", queueHealth{waiting: 3, oldest: old, overdue: 2}, false, `
warning  queue: /q: 3 waiting, the oldest (Q1) for 26h0m0s: no route to host; mailchute queue show Q1
warning  queue: 2 messages are overdue, and nothing runs the queue by the clock; mailchute queue flush tries them now; mailchute-queue.timer, mailchute serve or sendmail -q15m does it every time`},
		{"a run that hangs", queueHealth{waiting: 3, oldest: old, overdue: 2, busy: true}, true, `
warning  queue: /q: 3 waiting, the oldest (Q1) for 26h0m0s: no route to host; mailchute queue show Q1
warning  queue: 2 messages are overdue, though a run is at work: it may be stuck; fuser /q tells its process; to end it loses nothing`},
		{"very many", queueHealth{waiting: maxListed + 1, cut: true, oldest: young, busy: true}, true, `
note     queue: /q: more than 20000 waiting, the oldest (Q2) for 1m0s: not tried yet (held by hand)
ok       queue: a run is at work`},
		{"failed, damaged and from the future", queueHealth{failed: 2, aside: 1, future: 1}, true, `
ok       queue: /q: nothing waits; it is run by the clock
note     queue: 2 messages failed for good; mailchute queue list --failed; queue retry or queue remove
warning  queue: 1 damaged or foreign files were set aside; the reasons are in /q/corrupt
warning  clock: 1 messages in the queue were submitted in the future; is the clock right?`},
		{"little room", queueHealth{room: true, octets: 3 << 20, files: 1 << 20}, true, `
warning  queue: only 3 MB are free where /q lies; make room, or no message can be kept
ok       queue: /q: nothing waits; it is run by the clock`},
		{"few files", queueHealth{room: true, octets: 1 << 40, files: 7}, true, `
warning  queue: only 7 more files fit where /q lies (inodes); make room, or no message can be kept
ok       queue: /q: nothing waits; it is run by the clock`},
	} {
		tt.health.path = "/q"
		if got := said(func(at about) { tt.health.tell(at, now, tt.timer, 4*time.Hour) }); got != strings.TrimPrefix(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, got, tt.want)
		}
	}
}

func TestAWayInTroubleIsTold(t *testing.T) {
	now := time.Now()
	h := queueHealth{path: "/q", holds: []queue.RouteHold{{Name: "work", Since: now, Set: now, Until: now.Add(time.Hour), Reason: "535 no"}, {Until: now.Add(-time.Hour)}}}
	got := said(func(at about) { h.tell(at, now, true, 0) })
	if !strings.Contains(got, "warning  queue: the smarthost of account work is in trouble since ") || strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}

func TestWhoHoldsSendmailIsTold(t *testing.T) {
	owner := func(path string) string { return map[string]string{"/usr/sbin/exim4": "exim4-daemon-light"}[path] }
	for _, tt := range []struct {
		holder machine.Holder
		system bool
		want   string
	}{
		{machine.Holder{Path: "/usr/sbin/sendmail", Target: "/usr/bin/mailchute", Ours: true}, true, "ok       sendmail: /usr/sbin/sendmail is this program"},
		{machine.Holder{Path: "/usr/sbin/sendmail", Missing: true}, true, "warning  sendmail: there is no /usr/sbin/sendmail: cron and other programs cannot send; mailchute install, as root"},
		{machine.Holder{Path: "/usr/lib/sendmail", Missing: true}, true, ""},
		{machine.Holder{Path: "/usr/bin/mailq"}, false, "note     sendmail: /usr/bin/mailq is a link that leads nowhere; mailchute install, as root"},
		{machine.Holder{Path: "/usr/sbin/sendmail", Target: "/usr/sbin/exim4"}, true,
			"warning  sendmail: /usr/sbin/sendmail is another program, /usr/sbin/exim4 of the package exim4-daemon-light; mailchute install --force, as root, takes its place and keeps it aside"},
		{machine.Holder{Path: "/usr/sbin/sendmail", Target: "/opt/x", Chosen: true}, false,
			"note     sendmail: /usr/sbin/sendmail is another program, /opt/x, as update-alternatives has chosen; update-alternatives --config mta, or mailchute install --force"},
	} {
		if got := said(func(at about) { tellHolder(at, tt.holder, tt.system, owner) }); got != tt.want {
			t.Errorf("%+v:\n%s", tt.holder, got)
		}
	}
}

func TestWhatOtherUsersFindIsTold(t *testing.T) {
	const all = "ok       callers: all users send through the local server; nobody needs to read a password, and sandboxes with PrivateNetwork=yes or ProtectSystem=strict do not matter"
	const hint = "; let the local server send for all: mailchute init --serve, then systemctl enable --now mailchute.socket"
	for _, tt := range []struct {
		callers callers
		want    string
	}{
		{callers{public: true, local: true, serves: true}, all},
		{callers{config: "/c", serves: true}, all},
		{callers{config: "/c"}, `warning  callers: users other than root cannot read "/c", so their mail (cron, www-data) is refused with status 78` + hint},
		{callers{config: "/c", public: true, hidden: "/p"}, `warning  callers: users other than root cannot read "/p", so their mail (cron, www-data) fails` + hint},
		{callers{config: "/c", public: true, systemd: true}, `ok       callers: all users can read the configuration and what it names
note     callers: a unit with ProtectSystem=strict or ProtectHome= may not write its user's queue (ReadWritePaths= lets it), and one with PrivateNetwork=yes reaches no smarthost; the socket of the local server works in both`},
	} {
		if got := said(func(at about) { tellCallers(at, tt.callers) }); got != tt.want {
			t.Errorf("%+v:\n%s", tt.callers, got)
		}
	}
	if got := said(func(at about) {
		tellConfinement(at, machine.Confinement{AppArmor: true, Profiles: []string{"a", "b"}, SELinux: true}, true)
	}); !strings.Contains(got, "speak of sendmail: a b;") || !strings.Contains(got, "setsebool -P httpd_can_sendmail on") {
		t.Error(got)
	}
}

func TestTheLocalServerIsAskedForAWord(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name, greeting string
		needed         bool
		want           string
	}{
		{"a", "220 host ESMTP\r\n", false, "ok       serve: the local server answers on %s"},
		{"b", "hello\r\n", false, "warning  serve: %s belongs to something else: hello"},
		{"c", "", false, "warning  serve: %s is there, but the local server does not answer: EOF; systemctl status mailchute.service; a socket that was left behind may be removed"},
		{"d", "-", false, "ok       serve: the local server is not in use"},
		{"e", "-", true, "warning  serve: there is no socket %s: the local server does not run; systemctl enable --now mailchute.socket, or mailchute serve"},
	} {
		path := filepath.Join(dir, tt.name)
		if tt.greeting != "-" {
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				if c, err := l.Accept(); err == nil {
					_, _ = c.Write([]byte(tt.greeting))
					c.Close()
				}
			}()
		}
		got := said(func(at about) { checkServer(t.Context(), at, config.Listen{Network: "unix", Address: path}, tt.needed) })
		if want := strings.ReplaceAll(tt.want, "%s", path); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, got, want)
		}
	}
}

func TestTheJSONFormOfAFindingStays(t *testing.T) {
	text, err := json.Marshal(Finding{Level: levelNote, Area: "spf", Account: "work", Smarthost: "mx:", Text: "a", Hint: "b"})
	if want := `{"level":"note","area":"spf","account":"work","smarthost":"mx:","text":"a","hint":"b"}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}

func TestAServersClockIsCompared(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for greeting, want := range map[string]string{
		"220 mx.example ESMTP Exim 4.96 Sun, 01 Mar 2026 13:01:00 +0100": "",
		"220 mx.example ESMTP Exim 4.96 Sun, 01 Mar 2026 14:00:00 +0100": "warning  clock: the server says 2026-03-01T13:00:00Z, this machine 2026-03-01T12:00:00Z; one of the clocks is wrong",
		"220 mx.example ESMTP":                           "",
		"220 mx.example Sun, 99 Mar 2026 14:00:00 +0100": "",
		"": "",
	} {
		if got := said(func(at about) { tellDrift(at, greeting, now) }); got != want {
			t.Errorf("%s: %s", greeting, got)
		}
	}
}

func TestTheServersLastWordIsPartedFromTheRest(t *testing.T) {
	words, reply := partWords("S: 220 hi\nC: DATA\nS: 354 go\nC: [12 octets]\nS: 250 2.0.0 queued as X\nmailchute: <a@b>: redirected\nC: QUIT\nS: 221 bye\n")
	if words != "<a@b>: redirected" || reply != "250 2.0.0 queued as X" {
		t.Errorf("%q, %q", words, reply)
	}
}

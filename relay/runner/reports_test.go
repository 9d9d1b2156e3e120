package runner

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/route"
	"mailchute/relay/smtp/smtptest"
)

func TestTheSenderIsWarnedOnce(t *testing.T) {
	w := newWorld(t)
	w.account.WarnAfter = 4 * time.Hour
	w.peer.Say("RCPT TO:<a@", "450 4.2.0 later")
	w.accept(w.letter("hi", "a@x.example"))
	for range 12 {
		w.run()
		w.after(time.Hour)
	}
	warnings := w.peer.letters("me@here.example")
	w.count("warnings", len(warnings), 1)
	if len(warnings) == 1 && !strings.Contains(warnings[0].Text, "Action: delayed") {
		t.Errorf("the warning:\n%s", warnings[0].Text)
	}
}

func TestNotifySaysWhatIsTold(t *testing.T) {
	for _, c := range []struct {
		name     string
		notify   envelope.Notify
		keywords string
		to       string
		action   string // "" for no report
	}{
		{"never: no report of a failure", envelope.Notify{Never: true}, "PIPELINING", "gone@x.example", ""},
		{"delay: no report of a failure", envelope.Notify{Delay: true}, "PIPELINING", "gone@x.example", ""},
		{"failure: a report", envelope.Notify{Failure: true}, "PIPELINING", "gone@x.example", "failed"},
		{"nothing asked: a report", envelope.Notify{}, "PIPELINING", "gone@x.example", "failed"},
		{"success: ours where the server has no DSN", envelope.Notify{Success: true}, "PIPELINING", "a@x.example", "relayed"},
		{"success: the server's where it has DSN", envelope.Notify{Success: true}, "PIPELINING,DSN", "a@x.example", ""},
		{"nothing asked: success is not told", envelope.Notify{}, "PIPELINING", "a@x.example", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.peer.Say("EHLO", c.keywords)
			w.peer.Say("RCPT TO:<gone", "550 5.1.1 gone")
			e := w.letter("hi", c.to)
			e.Envelope.Recipients[0].Notify = c.notify
			w.accept(e)
			w.run()
			reports := w.peer.letters("me@here.example")
			switch {
			case c.action == "":
				w.count("reports", len(reports), 0)
			case len(reports) != 1:
				t.Errorf("%d reports", len(reports))
			case !strings.Contains(reports[0].Text, "Action: "+c.action):
				t.Errorf("the report:\n%s", reports[0].Text)
			}
			w.want("waiting", w.waiting(), "")
		})
	}
}

func TestNoReportAboutAMessageFromNobody(t *testing.T) {
	w := newWorld(t)
	w.account.WarnAfter = time.Hour
	w.peer.Say("RCPT TO:<gone", "550 5.1.1 gone")
	w.peer.Say("RCPT TO:<later", "450 4.2.0 later")
	e := w.letter("hi", "gone@x.example", "later@x.example")
	e.Envelope.Sender = address.Addr{}
	w.accept(e)
	for range 50 {
		w.run()
		w.after(4 * time.Hour)
	}
	w.count("messages", len(w.peer.letters("")), 0)
	w.want("waiting", w.waiting(), "")
	w.want("failed", w.failed(), "from <>: gone@x.example failed later@x.example failed")
}

func TestAReportThatNobodyTakesIsKeptAndTheNextOnesWait(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<gone", "550 5.1.1 gone")
	w.peer.Say("RCPT TO:<me@here", "550 5.1.1 no such sender")
	for range 50 {
		w.accept(w.letter("hi", "gone@x.example"))
	}
	w.run()
	w.count("reports tried in a run", w.peer.Told("RCPT TO:<me@here"), 1)
	if got := strings.Count(w.failed(), "from <>: me@here.example failed"); got != 1 {
		t.Errorf("%d reports kept as failed", got)
	}
	w.after(59 * time.Minute)
	w.accept(w.letter("hi", "gone@x.example"))
	w.run()
	w.count("reports tried within the hour", w.peer.Told("RCPT TO:<me@here"), 1)
	w.after(2 * time.Minute)
	w.accept(w.letter("hi", "gone@x.example"))
	w.run()
	w.count("reports tried after the hour", w.peer.Told("RCPT TO:<me@here"), 2)

	w.peer.Say("RCPT TO:<me@here", "")
	w.after(time.Hour + time.Minute)
	w.run()
	w.count("failures told when the address takes reports again", len(w.peer.letters("me@here.example")), 52-2)
	w.want("waiting", w.waiting(), "")
}

// TestOnlyAnAddressThatTakesNoReportsIsSparedThem: nobody can silence the reports to
// another, and one that is refused for what it returns says nothing of the next.
func TestOnlyAnAddressThatTakesNoReportsIsSparedThem(t *testing.T) {
	for _, tt := range []struct {
		name, command, reply string
		sender               address.Addr
	}{
		{"a stranger's message from nobody", "RCPT TO:<me@here", "550 5.7.1 spam", address.Addr{}},
		{"a report whose content is refused", ".", "554 5.7.1 spam", addr("me@here.example")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.peer.Say("RCPT TO:<gone", "550 5.1.1 gone")
			e := w.letter("first", "me@here.example", "gone@x.example")
			e.Envelope.Sender = tt.sender
			if !tt.sender.IsNull() {
				e.Envelope.Recipients = e.Envelope.Recipients[1:]
			}
			w.peer.Say(tt.command, tt.reply)
			w.accept(e)
			w.run()
			w.peer.Say(tt.command, "")
			w.accept(w.letter("second", "gone@x.example"))
			w.run()
			told := 0
			for _, m := range w.peer.letters("me@here.example") {
				if strings.Contains(m.Text, "Subject: second") {
					told++
				}
			}
			w.count("reports of the second", told, 1)
			w.want("waiting", w.waiting(), "")
		})
	}
}

// TestAFailureThatWaitsToBeToldIsNotLookedAtAllTheTime: the queue knows when.
func TestAFailureThatWaitsToBeToldIsNotLookedAtAllTheTime(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<gone", "550 5.1.1 gone")
	w.peer.Say("RCPT TO:<me@here", "550 5.1.1 no such sender")
	w.accept(w.letter("first", "gone@x.example"))
	w.run()
	id := w.accept(w.letter("second", "gone@x.example"))
	w.run()
	due := func() (ids []string) {
		for id := range w.queue.Due(w.clock(), RetryCeiling) {
			ids = append(ids, id)
		}
		return ids
	}
	w.want("due within the hour", fmt.Sprint(due()), "[]")
	w.after(time.Hour + time.Second)
	w.want("due after the hour", fmt.Sprint(due()), "["+id+"]")
}

func TestAFollowedRedirectIsToldByMail(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<old@", "557 5.2.7 moved to <new@y.example>")
	logged := ""
	w.account.Relay.Observer.Redirected = func(env *envelope.Envelope, _ *envelope.Recipient, _ string) { logged = env.QueueID }
	id := w.accept(w.letter("hi", "old@x.example", "b@x.example"))
	w.flush()
	w.want("id in the log", logged, id)
	w.want("copies", fmt.Sprint(w.peer.copies("hi")), "map[b@x.example:1 new@y.example:1]")
	notices := w.peer.letters("me@here.example")
	w.count("notices", len(notices), 1)
	if len(notices) == 1 && (notices[0].Sender != "" || !strings.Contains(notices[0].Text, "old@x.example") || !strings.Contains(notices[0].Text, "new@y.example")) {
		t.Errorf("the notice:\n%s", notices[0].Text)
	}
	w.want("left", w.waiting()+w.failed(), "")

	w.accept(w.letter("hi again", "old@x.example"))
	w.flush()
	w.count("notices to a sender who knows", len(w.peer.letters("me@here.example")), 1)
}

// A crash, or a full disk, between the record of a failure and the report of it.
func TestAFailureThatWasRecordedIsReportedLater(t *testing.T) {
	w := newWorld(t)
	id := w.accept(w.letter("hi", "gone@x.example", "a@x.example"))
	it, err := w.queue.Acquire(id)
	if err != nil {
		t.Fatal(err)
	}
	it.Envelope.Recipients[0].Apply(envelope.Outcome{State: envelope.Failed, Cause: envelope.CausePolicy, Reason: "no"})
	it.Envelope.Recipients[1].Apply(envelope.Outcome{State: envelope.Delivered})
	if err := it.Update(); err != nil {
		t.Fatal(err)
	}
	it.Release()
	w.run()
	w.count("reports", len(w.peer.letters("me@here.example")), 1)
	w.want("copies", fmt.Sprint(w.peer.copies("hi")), "map[]")
	w.want("waiting", w.waiting(), "")
	w.want("failed", w.failed(), "from <me@here.example>: gone@x.example failed a@x.example delivered")
}

func TestNothingIsSentWhereItsFateCannotBeRecorded(t *testing.T) {
	w := newWorld(t)
	w.accept(w.letter("hi", "a@x.example", "b@x.example"))
	blocked := w.queue.Path() + "/state" // a file where the folder has to be: even root cannot write below it
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.count("messages", len(w.peer.letters("")), 0)
	if w.trouble() == "" {
		t.Error("nothing is said about it")
	}
	os.Remove(blocked)
	w.run()
	w.want("copies", fmt.Sprint(w.peer.copies("hi")), "map[a@x.example:1 b@x.example:1]")
}

// TestWhoWantedNoNoticeIsToldOfTheNextMessage: NOTIFY=NEVER is a wish about one message,
// and the month without another notice begins with a notice.
func TestWhoWantedNoNoticeIsToldOfTheNextMessage(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<old@", "558 5.2.8 moved to <new@y.example>")
	e := w.letter("one", "old@x.example")
	e.Envelope.Recipients[0].Notify = envelope.Notify{Never: true}
	w.accept(e)
	w.flush()
	w.count("notices of what nobody wanted to know", len(w.peer.letters("me@here.example")), 0)
	for range 2 {
		w.accept(w.letter("two", "old@x.example"))
		w.flush()
	}
	w.count("notices", len(w.peer.letters("me@here.example")), 1)
}

// TestWhoAsksForREQUIRETLSIsToldWhatBecameOfIt: a report asks for it too, and is not
// lost where it cannot be had (RFC 8689 section 5).
func TestWhoAsksForREQUIRETLSIsToldWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	w.account.WarnAfter = 4 * time.Hour
	w.peer.Say("CONNECT", "421 4.3.2 later")
	e := w.letter("hi", "a@x.example")
	e.Envelope.Options.RequireTLS = true
	w.accept(e)
	for range 2 {
		w.run()
		w.after(5 * time.Hour)
	}
	w.peer.Say("CONNECT", "")
	w.flush()
	var actions []string
	for _, m := range w.peer.letters("me@here.example") {
		_, action, _ := strings.Cut(m.Text, "Action: ")
		action, _, _ = strings.Cut(action, "\r\n")
		actions = append(actions, action)
		if strings.Contains(m.Text, "hello\r\n") {
			t.Errorf("a report has the text of the message:\n%s", m.Text)
		}
	}
	slices.Sort(actions)
	w.want("reports", strings.Join(actions, " "), "delayed failed")
	w.want("failed", w.failed(), "from <me@here.example>: a@x.example failed")
	w.count("copies", w.peer.copies("hi")["a@x.example"], 0)
}

// TestReportsGoWhereTheSendersMailGoes: and they wait only where nobody of those takes
// one.
func TestReportsGoWhereTheSendersMailGoes(t *testing.T) {
	w := newWorld(t)
	w.account.Mailboxes = func(sender address.Addr) []address.Addr {
		return []address.Addr{addr("admin@corp.example"), addr("second@corp.example")}
	}
	w.peer.Say("RCPT TO:<gone", "550 5.1.1 gone")
	w.peer.Say("RCPT TO:<admin", "550 5.1.1 gone too")
	report := func() {
		w.accept(w.letter("hi", "gone@x.example"))
		w.run()
	}
	report()
	report()
	w.count("reports to one that takes them", len(w.peer.letters("second@corp.example")), 2)
	w.count("reports to the sender himself", len(w.peer.letters("me@here.example")), 0)
	w.peer.Say("RCPT TO:<second", "550 5.1.1 gone as well")
	report()
	asked := w.peer.Told("RCPT TO:<second")
	report()
	w.count("reports tried when nobody takes them", w.peer.Told("RCPT TO:<second")-asked, 0)
	w.want("waiting", w.waiting(), "from <me@here.example>: gone@x.example failed")
}

// TestANoticeOfARedirectAsksForREQUIRETLSWhereItCanBeHad, and comes where it cannot.
func TestANoticeOfARedirectAsksForREQUIRETLSWhereItCanBeHad(t *testing.T) {
	const redirects = "RCPT TO:<old@ => 558 5.2.8 <new@y.example>\n"
	for script, asked := range map[string]int{
		"EHLO => PIPELINING,REQUIRETLS\n":                                              1,
		"once EHLO => PIPELINING,REQUIRETLS\nonce MAIL FROM:<> => 421 4.3.2 closing\n": 2, // and another server takes its place
	} {
		w := newWorld(t)
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "smtp"))
		if err != nil {
			t.Fatal(err)
		}
		p := smtptest.New(script + redirects)
		p.Serve(l)
		t.Cleanup(p.Close)
		w.account.Relay.Smarthosts = []route.Smarthost{{Scheme: route.Unix, Path: p.Addr()}}
		e := w.letter("hi", "old@x.example")
		e.Envelope.Options.RequireTLS = true
		w.accept(e)
		w.flush()
		w.count("attempts with REQUIRETLS", p.Told("MAIL FROM:<> REQUIRETLS"), 1)
		w.count("attempts", p.Told("MAIL FROM:<>"), asked)
		w.want("copies", fmt.Sprint(p.Copies()), "map[me@here.example:1 new@y.example:1]")
	}
}

// TestManyWorkersTellOfARedirectOnce: they come to the same news at the same time.
func TestManyWorkersTellOfARedirectOnce(t *testing.T) {
	w := newWorld(t)
	const moved, messages = 20, 4
	for n := range moved {
		w.peer.Say(fmt.Sprintf("RCPT TO:<old%d@", n), fmt.Sprintf("%d 5.2.%d moved to <new%d@y.example>", 557+n%2, 7+n%2, n))
		for range messages { // one for each worker
			w.accept(w.letter("hi", fmt.Sprintf("old%d@x.example", n)))
		}
	}
	w.flush()
	w.count("mailboxes with copies", len(w.peer.copies("hi")), moved)
	w.count("notices", len(w.peer.letters("me@here.example")), moved)
}

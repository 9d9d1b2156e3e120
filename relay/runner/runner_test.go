package runner

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

func TestTroubleHoldsTheWayAndNotEachMessage(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("CONNECT", "554 5.3.2 not today")
	for i := range 1000 {
		w.accept(w.letter("news", fmt.Sprintf("a%d@x.example", i)))
	}
	if got, want := w.run(), (Tally{Messages: 1000, Deferred: 1000}); got != want {
		t.Errorf("tally %+v, want %+v", got, want)
	}
	w.count("attempts for a thousand messages", w.peer.Sessions(), 1)
	w.run()
	w.count("attempts while the way is held", w.peer.Sessions(), 1)
	w.after(2 * time.Minute)
	w.run()
	w.count("attempts when the hold has ended", w.peer.Sessions(), 2)
	w.after(30 * time.Second)
	w.accept(w.letter("late", "late@x.example"))
	w.run()
	w.count("attempts for one that came during the hold", w.peer.Sessions(), 2)
	w.peer.Say("CONNECT", "")
	if got := w.flush(); got.Delivered != 1001 {
		t.Errorf("flush: %+v", got)
	}
	w.want("left", w.waiting(), "")
	if _, held := w.queue.RouteHold(""); held {
		t.Error("the way is held though it works")
	}
}

func TestARefusedLoginIsTriedOnceInRetryMax(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("EHLO", "PIPELINING,AUTH PLAIN")
	w.peer.Say("AUTH", "535 5.7.8 wrong")
	w.account.Relay.SMTP.Login = &smtp.Login{User: "me", Secret: func(context.Context) (secret.Secret, error) { return secret.New("pw"), nil }}
	for i := range 20 {
		w.accept(w.letter("news", fmt.Sprintf("a%d@x.example", i)))
	}
	w.run()
	w.count("logins", w.peer.Told("AUTH"), 1)
	for range 23 { // ten minutes each
		w.after(10 * time.Minute)
		w.run()
	}
	w.count("logins within four hours", w.peer.Told("AUTH"), 1)
	h, held := w.queue.RouteHold("")
	if !held || !h.Login || !strings.Contains(h.Reason, "535") {
		t.Errorf("the hold says %+v", h)
	}
	w.after(10 * time.Minute)
	w.run()
	w.count("logins after four hours", w.peer.Told("AUTH"), 2)
	w.peer.Say("AUTH", "")
	w.after(4 * time.Hour)
	if got := w.run(); got.Delivered != 20 {
		t.Errorf("with the right password: %+v", got)
	}
}

func TestGreylisting(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<grey", "450 4.2.0 come back later")
	w.accept(w.letter("hi", "grey@x.example", "b@x.example"))
	w.accept(w.letter("ho", "c@x.example"))
	w.run()
	w.want("waiting", w.waiting(), "from <me@here.example>: grey@x.example deferred b@x.example delivered")
	w.run()
	w.count("attempts at once", w.peer.Told("RCPT TO:<grey"), 1)
	w.peer.Say("RCPT TO:<grey", "")
	w.after(2 * time.Minute)
	w.run()
	w.want("waiting", w.waiting(), "")
	w.want("copies", fmt.Sprint(w.peer.copies("hi"), w.peer.copies("ho")), "map[b@x.example:1 grey@x.example:1] map[c@x.example:1]")
}

func TestOneBadMessageStopsNobody(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<gone", "550 5.1.1 no such user")
	w.accept(w.letter("hi", "a@x.example", "gone@x.example", "b@x.example"))
	damaged := w.accept(w.letter("damaged", "d@x.example"))
	w.accept(w.letter("ho", "c@x.example"))
	w.file("message/"+damaged, "no message at all")
	w.file("message/foreign", "what is this?")
	os.Mkdir(w.queue.Path()+"/message/"+strings.Repeat("0", 14), 0o700)
	w.after(time.Minute) // than the times of these files
	w.run()
	w.want("copies", fmt.Sprint(w.peer.copies("hi"), w.peer.copies("ho")), "map[a@x.example:1 b@x.example:1] map[c@x.example:1]")
	w.want("waiting", w.waiting(), "")
	w.want("failed", w.failed(), "from <me@here.example>: a@x.example delivered gone@x.example failed b@x.example delivered")
	if got := w.trouble(); strings.Count(got, "set aside") != 2 {
		t.Errorf("told: %s", got)
	}
	reports := w.peer.letters("me@here.example")
	w.count("reports", len(reports), 1)
	if len(reports) > 0 && (reports[0].Sender != "" || !strings.Contains(reports[0].Text, "rfc822; gone@x.example") || strings.Contains(reports[0].Text, "rfc822; a@x.example")) {
		t.Errorf("the report:\n%s", reports[0].Text)
	}
}

func TestHeldByHandWaitsEvenWhenFlushed(t *testing.T) {
	w := newWorld(t)
	id := w.accept(w.letter("hi", "a@x.example"))
	if err := w.queue.Hold(id); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.flush()
	w.scope(Scope{Only: []string{id}})
	w.count("messages", len(w.peer.letters("")), 0)
	if err := w.queue.Unhold(id); err != nil {
		t.Fatal(err)
	}
	w.run()
	w.count("messages", len(w.peer.letters("")), 1)
}

func TestManyRunnersSendEachMessageOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 200 {
		w.accept(w.letter("hi", fmt.Sprintf("a%d@x.example", i)))
	}
	var runs sync.WaitGroup
	for range 4 {
		runs.Go(func() {
			q, err := queue.Open(w.queue.Path())
			if err != nil {
				t.Error(err)
				return
			}
			defer q.Close()
			r := w.runner(2)
			r.Queue = q
			if _, err := r.Run(context.Background(), Scope{All: true}); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	for to, n := range w.peer.copies("hi") {
		w.count("copies for "+to, n, 1)
	}
	w.count("messages", len(w.peer.letters("")), 200)
	w.want("waiting", w.waiting(), "")
	if n := w.peer.Sessions(); n > 8 {
		t.Errorf("%d connections for 8 workers", n)
	}
}

func TestAnAccountThatIsGoneLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.gone["work"] = true
	e := w.letter("hi", "a@x.example")
	e.Account = "work"
	w.accept(e)
	w.run()
	w.count("messages", len(w.peer.letters("")), 0)
	for e := range w.queue.List() {
		w.want("reason", e.Summary().LastError, `account "work" is not configured`)
	}
	w.gone["work"] = false
	w.flush()
	w.count("messages when it is back", len(w.peer.letters("")), 1)

	w.gone["work"] = true
	w.accept(e)
	for range 40 {
		w.after(4 * time.Hour)
		w.run()
	}
	w.want("in the end", w.waiting(), "")
	w.count("reports", len(w.peer.letters("me@here.example")), 1)

	w.gone["work"], w.gone[""] = true, true
	w.accept(e)
	w.run()
	w.want("without any account", w.waiting(), "from <me@here.example>: a@x.example pending")
}

func TestTenThousandRecipientsOfWhomSomeWait(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<grey", "450 4.2.0 later")
	var to []string
	for i := range 10000 {
		name := "a"
		if i%100 == 7 {
			name = "grey"
		}
		to = append(to, fmt.Sprintf("%s%d@x.example", name, i))
	}
	w.accept(w.letter("all", to...))
	if got, want := w.run(), (Tally{Messages: 1, Delivered: 9900, Deferred: 100}); got != want {
		t.Errorf("tally %+v, want %+v", got, want)
	}
	w.peer.Say("RCPT TO:<grey", "")
	w.after(2 * time.Minute)
	w.run()
	copies := w.peer.copies("all")
	w.count("mailboxes", len(copies), 10000)
	for to, n := range copies {
		if n != 1 {
			t.Errorf("%s got %d copies", to, n)
		}
	}
	w.want("waiting", w.waiting(), "")
}

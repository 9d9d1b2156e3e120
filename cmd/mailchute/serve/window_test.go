package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/queue"
	"mailchute/relay/xqueue"
)

// asClient asks a server's queue something in the name of a user.
func (s *served) asClient(uid int, c xqueue.Command) (lines []string, last string) {
	w := &window{s.server, s.server.live.Load().book, client{User: host.User{UID: uid, Login: fmt.Sprint("uid", uid)}, known: true}}
	whole := ""
	r := w.answer(context.Background(), c, func(text string) error {
		whole += strings.TrimSuffix(text, "+")
		if !strings.HasSuffix(text, "+") {
			lines, whole = append(lines, whole), ""
		}
		return nil
	})
	return lines, r.Text()
}

func TestAUserSeesHisOwnMailAndRootAll(t *testing.T) {
	s := atRest(t, "", "")
	mine, other, old := s.Keep(1001, "mine"), s.Keep(1002, "other"), s.Keep(0, "old")
	for uid, want := range map[int]string{1001: mine, 1002: other, 1003: "", 0: mine + " " + other + " " + old, unknownUID: ""} {
		lines, last := s.asClient(uid, xqueue.Command{Verb: xqueue.List})
		var ids []string
		for _, text := range lines {
			var got queue.Summary
			if json.Unmarshal([]byte(text), &got) == nil && got.ID != "" {
				ids = append(ids, got.ID)
			}
		}
		if len(lines) != len(strings.Fields(want)) || !sameWords(strings.Join(ids, " "), want) || !strings.HasPrefix(last, "250 ") {
			t.Errorf("%d sees %q, want %q; %s", uid, ids, want, last)
		}
	}
	if lines, _ := s.asClient(1001, xqueue.Command{Verb: xqueue.List, Filter: xqueue.Filter{Sender: "other"}}); lines != nil {
		t.Errorf("a filter finds %q", lines)
	}
}

func sameWords(a, b string) bool {
	for _, w := range strings.Fields(b) {
		if !strings.Contains(a, w) {
			return false
		}
	}
	return len(a) == len(b)
}

func TestNobodyCanTouchOrTellTheMailOfOthers(t *testing.T) {
	s := atRest(t, "", "")
	id, old := s.Keep(1002, "other"), s.Keep(0, "old")
	nobody := s.Keep(unknownUID, "nobody")
	for _, uid := range []int{1001, unknownUID} {
		for _, verb := range []xqueue.Verb{xqueue.Show, xqueue.Read, xqueue.Retry, xqueue.Hold, xqueue.Release, xqueue.Remove} {
			_, absent := s.asClient(uid, xqueue.Command{Verb: verb, ID: "00000000000000"})
			for _, id := range []string{id, old, nobody, "", "../message/" + id, strings.ToUpper(id)} {
				if lines, last := s.asClient(uid, xqueue.Command{Verb: verb, ID: id}); lines != nil || last != absent || !strings.HasPrefix(last, "550 ") {
					t.Errorf("%d: %s %s: %q, %s; of an absent one: %s", uid, verb, id, lines, last, absent)
				}
			}
		}
	}
	for _, id := range []string{id, old} {
		if e, err := s.server.queue.Show(id); err != nil || !e.Held {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestAFileThatCannotBeReadIsNotThereForOthers(t *testing.T) {
	s := atRest(t, "", "")
	id := s.Keep(1002, "other")
	if err := os.WriteFile(s.server.queue.Path()+"/message/"+id, []byte("mailchute-queue 9\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, last := s.asClient(1001, xqueue.Command{Verb: xqueue.Show, ID: id}); !strings.HasPrefix(last, "550 ") {
		t.Error(last)
	}
	if _, last := s.asClient(0, xqueue.Command{Verb: xqueue.Show, ID: id}); !strings.HasPrefix(last, "451 ") {
		t.Error(last)
	}
	if lines, last := s.asClient(1001, xqueue.Command{Verb: xqueue.List}); lines != nil || !strings.HasPrefix(last, "250 ") {
		t.Errorf("%q, %s", lines, last)
	}
}

func TestAUserHandlesHisMail(t *testing.T) {
	s := serveWith(t, "", "")
	id := s.Keep(1001, "mine")
	ask := func(verb xqueue.Verb, want string) []string {
		t.Helper()
		lines, last := s.asClient(1001, xqueue.Command{Verb: verb, ID: id})
		if !strings.HasPrefix(last, want) {
			t.Errorf("%s: %s, want %s", verb, last, want)
		}
		return lines
	}
	it, err := s.server.queue.Acquire(id)
	if err != nil {
		t.Fatal(err)
	}
	ask(xqueue.Hold, "450 4.2.1 ")
	it.Release()
	ask(xqueue.Hold, "250 2.0.0 ")
	ask(xqueue.Retry, "554 5.5.0 ")
	if got := strings.Join(ask(xqueue.Show, "250 2.0.0 "), ""); !strings.Contains(got, `"held":true`) {
		t.Error(got)
	}
	ask(xqueue.Read, "250 2.0.0 ")
	ask(xqueue.Release, "250 2.0.0 ")
	if got := string(s.Arrive(1)[0].Text); !strings.Contains(got, "Subject: mine\r\n") { // it is tried at once
		t.Error(got)
	}
	servetest.Eventually(t, "it is gone", func() bool {
		_, last := s.asClient(1001, xqueue.Command{Verb: xqueue.Show, ID: id})
		return strings.HasPrefix(last, "550 ")
	})
	if !strings.Contains(s.Log(), "event=queue") {
		t.Error(s.Log())
	}
}

func TestFlushTriesTheMailOfTheCallerAlone(t *testing.T) {
	s := serveWith(t, "RCPT TO:<a => 450 4.2.0 later\nRCPT TO:<b => 450 4.2.0 later\n", "")
	s.Send("x@box.example", "a@example.com", "Subject: one\n\nx\n")
	servetest.Eventually(t, "it was tried", func() bool { return strings.Contains(s.Log(), "event=deferred") })
	tried := func() int { return strings.Count(strings.Join(s.Peer.Commands(), "\n"), "RCPT TO:<a") }
	before := tried()
	servetest.Eventually(t, "it is let go", func() bool {
		for id := range s.Ids() {
			it, err := s.server.queue.Acquire(id)
			if err != nil {
				return false
			}
			it.Release()
		}
		return true
	})
	if lines, last := s.asClient(54321, xqueue.Command{Verb: xqueue.Flush}); strings.Join(lines, "") != `{"asked":0}` {
		t.Errorf("%q, %s", lines, last)
	}
	if lines, last := s.asClient(0, xqueue.Command{Verb: xqueue.Flush, Filter: xqueue.Filter{Address: "a@"}}); strings.Join(lines, "") != `{"asked":1}` {
		t.Errorf("%q, %s", lines, last)
	}
	servetest.Eventually(t, "it is tried again", func() bool { return tried() == before+1 })
}

func TestUsersCannotHaveTheSmarthostHammered(t *testing.T) {
	for _, tt := range []struct {
		uid          int
		first, again int // messages that a flush asks for
		retry        string
	}{{1001, 1, 0, "450 4.7.1 "}, {0, 2, 2, "450 4.2.1 "}} {
		s := atRest(t, "", "")
		flush := func(want int) {
			t.Helper()
			if lines, last := s.asClient(tt.uid, xqueue.Command{Verb: xqueue.Flush}); strings.Join(lines, "") != fmt.Sprintf(`{"asked":%d}`, want) {
				t.Errorf("%d: %q, %s, want %d", tt.uid, lines, last, want)
			}
		}
		released, waiting := s.Keep(tt.uid, "released"), s.Keep(tt.uid, "waiting")
		s.asClient(tt.uid, xqueue.Command{Verb: xqueue.Release, ID: released}) // and with that it is asked for
		servetest.NoError(t, s.server.queue.Unhold(waiting))
		flush(tt.first)
		for range 4 {
			flush(tt.again)
		}
		it, err := s.server.queue.Acquire(waiting)
		servetest.NoError(t, err)
		defer it.Release()
		if _, last := s.asClient(tt.uid, xqueue.Command{Verb: xqueue.Retry, ID: waiting}); !strings.HasPrefix(last, tt.retry) {
			t.Errorf("%d: %s, want %s", tt.uid, last, tt.retry)
		}
	}
}

func TestDemandsCountAsMessages(t *testing.T) {
	s := atRest(t, "", "messages_per_minute = 2")
	for range 3 {
		servetest.NoError(t, s.server.queue.Unhold(s.Keep(1001, "mine")))
	}
	if lines, last := s.asClient(1001, xqueue.Command{Verb: xqueue.Flush}); strings.Join(lines, "") != `{"asked":2}` {
		t.Errorf("%q, %s", lines, last)
	}
}

func TestAMessageThatIsBusyMayBeAskedForAgain(t *testing.T) {
	s := atRest(t, "", "")
	id := s.Keep(1001, "mine")
	servetest.NoError(t, s.server.queue.Unhold(id))
	it, err := s.server.queue.Acquire(id)
	servetest.NoError(t, err)
	for range 2 {
		if _, last := s.asClient(1001, xqueue.Command{Verb: xqueue.Retry, ID: id}); !strings.HasPrefix(last, "450 4.2.1 ") {
			t.Error(last)
		}
	}
	it.Release()
	if _, last := s.asClient(1001, xqueue.Command{Verb: xqueue.Retry, ID: id}); !strings.HasPrefix(last, "250 ") {
		t.Error(last)
	}
}

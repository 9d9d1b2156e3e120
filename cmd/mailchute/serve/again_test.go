package serve

import (
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/queue"
	"mailchute/relay/smtp/smtptest"
)

func TestAReloadTriesAgainWhatHasWaitedForTheSmarthost(t *testing.T) {
	s := serveWith(t, "", "")
	right := s.Text("127.0.0.1:0", "")
	s.Replace(strings.Replace(right, s.Peer.Addr(), smtptest.Refusing(t), 1))
	s.reload()
	for range 3 {
		servetest.NoError(t, s.Send("me@box.example", "b@example.org", "Subject: late\n\nx\n"))
	}
	servetest.Eventually(t, "all are in the log", func() bool { return strings.Count(s.Log(), "event=deferred") == 3 })
	s.Replace(right)
	s.reload()
	s.Arrive(3) // without the minute that each would have to wait
}

func TestOnlyWhoEndsTheServerInOrderMakesTheNextOneTryAtOnce(t *testing.T) {
	q, err := queue.Open(t.TempDir() + "/queue")
	servetest.NoError(t, err)
	defer q.Close()
	id, err := q.Accept(testEntry())
	servetest.NoError(t, err)
	now := time.Now()
	servetest.NoError(t, q.HoldRoute(queue.RouteHold{Since: now, Set: now, Until: now.Add(4 * time.Hour), Attempts: 1, Login: true}))

	s := &server{queue: q, backlog: newBacklog(2)}
	if s.again(t.Context(), now); take(s.backlog, 1) != "" {
		t.Error("one that was killed comes back to a closed door")
	}
	lapse(q, now)
	s.again(t.Context(), now)
	if got := take(s.backlog, 2); got != id {
		t.Errorf("%q, want %q", got, id)
	}
	if h, there := q.RouteHold(""); !there || h.Attempts != 1 {
		t.Errorf("%+v: what was known of the way is lost", h)
	}
	servetest.NoError(t, q.FreeRoute(""))
	if s.again(t.Context(), now); take(s.backlog, 1) != "" {
		t.Error("what waits for other reasons is tried too")
	}
}

package serve

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
)

// loopbackToo lets a second user in: whoever comes by TCP.
const loopbackToo = "users.loopback = [\"*@box.example\"]"

// sendAs submits a message as the user of the Unix socket or of loopback.
func (s *served) sendAs(network, to string) {
	s.T.Helper()
	address := map[string]string{"unix": s.Socket, "tcp": s.Port}[network]
	servetest.NoError(s.T, servetest.Submit(s.Dial(network, address), "me@box.example", to, "Subject: x\n\nx\n"))
}

// arrives waits until a message to somebody has come.
func (s *served) arrives(to string) {
	s.T.Helper()
	servetest.Eventually(s.T, "a message to "+to+" arrives", func() bool { return s.Peer.Copies()[to] > 0 })
}

// keep puts a message of a user into the queue that an earlier server left.
func (s *served) keep(uid int, to string) {
	s.T.Helper()
	e := servetest.Waiting()
	e.UID, e.Submitted = uid, time.Now()
	e.Envelope.Sender = address.Addr{Local: "me", Domain: "box.example"}
	mailbox := address.Addr{Local: to, Domain: "example.org"}
	e.Envelope.Recipients = []*envelope.Recipient{{Original: mailbox, Address: mailbox}}
	e.Retries = nil
	e.Message = &message.Message{Header: []byte("Subject: x\r\n"), Body: message.NewBody([]byte("x\r\n"), message.Traits{Size: 3, WireSize: 3, LongestLine: 1, Canonical: true})}
	_, err := s.server.queue.Accept(e)
	servetest.NoError(s.T, err)
}

// stall lets the smarthost say nothing to a command, n times, and tells when it has
// come to that.
func (s *served) stall(command string, n int) (done func()) {
	came := make(chan struct{}, n)
	for range n {
		s.Peer.SayOnce(command, 1, "wait", func() { came <- struct{}{} })
	}
	return func() {
		for range n {
			<-came
		}
	}
}

func TestMailThatTakesLongDelaysOnlyItsUser(t *testing.T) {
	for name, step := range map[string]string{"at RCPT": "RCPT TO:<slow", "at the final dot": "END"} {
		t.Run(name, func(t *testing.T) {
			s := serveWith(t, "", loopbackToo)
			stalled := s.stall(step, 4)
			for range 10 {
				s.sendAs("unix", "slow@example.org")
			}
			stalled()
			for range 10 {
				s.sendAs("tcp", "fine@example.org")
			}
			servetest.Eventually(t, "all of another user's arrive", func() bool { return s.Peer.Copies()["fine@example.org"] == 10 })
		})
	}
}

func TestWhatIsDueAgainDelaysNobody(t *testing.T) {
	s := atRest(t, "RCPT TO:<slow => wait\n", loopbackToo)
	for range 100 {
		s.keep(1001, "slow")
	}
	s.keep(1002, "fine")
	s.run()
	s.arrives("fine@example.org")
	s.sendAs("unix", "new@example.org")
	s.arrives("new@example.org")
}

// TestAnAttemptThatBeganBeforeAReloadSaysNothingOfTheNewWay: it goes on for minutes,
// and then it finds that the old smarthost is gone.
func TestAnAttemptThatBeganBeforeAReloadSaysNothingOfTheNewWay(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	servetest.NoError(t, err)
	defer silent.Close()
	s := serveWith(t, "", "")
	text := s.Text("127.0.0.1:0", "")
	s.Replace(strings.Replace(text, s.Peer.Addr(), silent.Addr().String(), 1))
	s.reload()
	servetest.NoError(t, s.Send("me@box.example", "first@example.org", "Subject: x\n\nx\n"))
	c, err := silent.Accept()
	servetest.NoError(t, err)
	s.Replace(text)
	s.reload()
	c.Close()
	servetest.Eventually(t, "the old attempt has ended", func() bool { return strings.Contains(s.Log(), "event=deferred") })
	if h, held := s.server.queue.RouteHold(""); held {
		t.Errorf("the way is held: %+v", h)
	}
	servetest.NoError(t, s.Send("me@box.example", "second@example.org", "Subject: x\n\nx\n"))
	s.arrives("second@example.org")
}

func TestAReloadEndsTheRunThatIsUnderWay(t *testing.T) {
	s := atRest(t, "", "")
	const n = 20
	for i := range n {
		s.keep(1001, fmt.Sprint("to", i))
	}
	begun, goOn := make(chan struct{}), make(chan struct{})
	s.Peer.SayOnce("END", 1, "", func() { close(begun); <-goOn })
	s.run()
	<-begun
	other := servetest.New(t, "", "")
	s.Replace(strings.Replace(s.Text("127.0.0.1:0", ""), s.Peer.Addr(), other.Peer.Addr(), 1))
	s.reload()
	close(goOn)
	const inHand = 2 * 4 // what each worker of the user sends, and what it has taken ahead
	if got := len(other.Arrive(n - inHand)); got < n-inHand {
		t.Errorf("%d of %d go by the new smarthost", got, n)
	}
}

func TestTheShareOfAMessageIsThatOfItsUser(t *testing.T) {
	for _, c := range []struct {
		e    queue.Entry
		want string
	}{
		{queue.Entry{User: "root"}, "root"},
		{queue.Entry{User: "loopback"}, "loopback"},
		{queue.Entry{User: "renamed", UID: 2_000_000_001}, "uid2000000001"},
	} {
		if got := (owners{}).share(&c.e); got.user != c.want {
			t.Errorf("%+v: %q, want %q", c.e, got.user, c.want)
		}
	}
}

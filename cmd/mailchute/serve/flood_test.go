package serve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/serve/servetest"
)

// line reads a reply of one line.
func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(text, err)
	}
	return strings.TrimRight(text, "\r\n")
}

// TestStallingClientsStopNobody: a client takes all the sessions it can get, and
// leaves each in another state.
func TestStallingClientsStopNobody(t *testing.T) {
	s := serveWith(t, "", "users.loopback = [\"*@box.example\"]")
	const opening = "EHLO x\r\nMAIL FROM:<a@box.example>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"
	states := []string{"", "EH", "EHLO x\r\nMAIL FR", opening, opening + "Subject: half\r\n\r\nof a mess", opening + strings.Repeat("x", 100_000)}
	for i := range sessionsPerUser {
		c, err := net.Dial("tcp", s.Port)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := bufio.NewReader(c)
		if got := line(t, r); !strings.HasPrefix(got, "220 ") {
			t.Fatalf("session %d: %s", i, got)
		}
		state := states[i%len(states)]
		io.WriteString(c, state)
		if strings.HasPrefix(state, opening) {
			for !strings.HasPrefix(line(t, r), "354 ") { // so it is in the middle of a text
			}
		}
	}
	c, err := net.Dial("tcp", s.Port)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "421 4.7.0 box.example: too many sessions") {
		t.Errorf("one more: %q, %v", answer, err)
	}
	for range 20 {
		if err := s.Send("me@box.example", "c@example.org", "Subject: another user\n\nx\n"); err != nil {
			t.Fatal(err)
		}
	}
	s.Arrive(20)
	// A client has its last reply before its session has left the gate.
	servetest.Eventually(t, "the others have left", func() bool { return s.server.gate.open() == sessionsPerUser })
	if page := string(s.server.meters.page(s.server.gate.open(), time.Now())); !strings.Contains(page, "\nmailchute_sessions_open 256\n") ||
		!strings.Contains(page, "\nmailchute_limited_total{limit=\"sessions\"} 1\n") {
		t.Error(page)
	}
	s.stop()
	log := s.Log()
	for _, want := range []string{
		"event=session end=refused commands=0 errors=0 accepted=0 refused=0 limited=0 user=loopback text=\"too many sessions at a time\"",
		"event=session end=shutdown commands=4 errors=0 accepted=0 refused=0 limited=0",
		"user=loopback text=\"it ended in the middle of a message\"",
		fmt.Sprintf("event=session uid=%d end=quit", os.Getuid()),
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s", want)
		}
	}
}

// deadlines is a connection whose deadlines are seen.
type deadlines struct {
	net.Conn
	reads  int // how often there was new time to read
	octets int // that a read gives
}

func (d *deadlines) SetReadDeadline(time.Time) error { d.reads++; return nil }

func (d *deadlines) SetWriteDeadline(time.Time) error { return nil }

func (d *deadlines) Read(b []byte) (int, error) { return min(d.octets, len(b)), nil }

func (d *deadlines) Write(b []byte) (int, error) { return len(b), nil }

func TestAnOctetNowAndThenGivesNoNewTime(t *testing.T) {
	d := &deadlines{octets: 1}
	p := &patient{Conn: d, ctx: context.Background()}
	buf := make([]byte, 4096)
	read := func(n int) {
		for range n {
			if _, err := p.Read(buf); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(enough)
	if d.reads != 1 {
		t.Errorf("%d octets: new time %d times", enough, d.reads)
	}
	read(1)
	if d.reads != 2 {
		t.Errorf("after %d octets: new time %d times", enough, d.reads)
	}
	p.Write(buf)
	read(1)
	if d.reads != 3 {
		t.Errorf("after an answer: new time %d times", d.reads)
	}
	d.octets = len(buf)
	read(11)
	if d.reads != 3+10 {
		t.Errorf("a text that flows: new time %d times", d.reads)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p.ctx = ctx
	if _, err := p.Read(buf); err != os.ErrDeadlineExceeded {
		t.Errorf("while the server ends: %v", err)
	}
}

func TestALimitOfAMinuteAnswersSoThatClientsTryAgain(t *testing.T) {
	s := serveWith(t, "", "messages_per_minute = 2\nusers.loopback = [\"*@box.example\"]")
	for i := range 3 {
		err := servetest.Submit(s.Dial("tcp", s.Port), "a@box.example", "b@example.org", "Subject: x\n\nx\n")
		if limited := err != nil && strings.Contains(err.Error(), "4.7.1 more than 2 messages in a minute"); limited != (i == 2) {
			t.Errorf("message %d: %v", i, err)
		}
	}
	s.Arrive(2)
	s.Write("connections_per_minute = 1\nusers.loopback = [\"*@box.example\"]")
	s.reload()
	if err := servetest.Submit(s.Dial("tcp", s.Port), "a@box.example", "b@example.org", "Subject: x\n\nx\n"); err != nil {
		t.Errorf("the limit on messages is gone: %v", err)
	}
	c, err := net.Dial("tcp", s.Port)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "421 4.7.0 box.example: more than 1 connections in a minute") {
		t.Errorf("%q, %v", answer, err)
	}
	s.stop()
	if log := s.Log(); !strings.Contains(log, "refused=1 limited=1") {
		t.Error(log)
	}
}

// TestAFloodDoesNotFillTheLog: a session that is refused costs its user little.
func TestAFloodDoesNotFillTheLog(t *testing.T) {
	s := serveWith(t, "", "connections_per_minute = 1\nusers.loopback = [\"*@box.example\"]")
	const n = 4 * refusalsTold
	for range n {
		c, err := net.Dial("tcp", s.Port)
		servetest.NoError(t, err)
		io.WriteString(c, "QUIT\r\n")
		io.ReadAll(c)
		c.Close()
	}
	s.stop()
	if told := strings.Count(s.Log(), "end=refused"); told < refusalsTold || told >= n {
		t.Errorf("%d refused sessions are in the log", told)
	}
	if page := string(s.server.meters.page(0, time.Now())); !strings.Contains(page, fmt.Sprintf("limit=\"connections_per_minute\"} %d\n", n-1)) {
		t.Error(page)
	}
}

package serve

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
)

// greets tells whether somebody speaks SMTP on a Unix socket.
func greets(path string) bool {
	c, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	defer c.Close()
	text, _ := bufio.NewReader(c).ReadString('\n')
	return strings.HasPrefix(text, "220 ")
}

func TestAReloadChangesTheSockets(t *testing.T) {
	s := serveWith(t, "", "")
	first, second, metrics := s.Socket, filepath.Join(s.Dir, "run", "second.sock"), filepath.Join(s.Dir, "run", "metrics.sock")
	s.reload()
	if !greets(first) || servetest.Scrape(metrics) != "" {
		t.Fatal("a reload of the same configuration has changed something")
	}
	s.Socket = second
	s.Write(fmt.Sprintf("metrics = \"unix:%s\"", metrics))
	s.reload()
	if greets(first) || !greets(second) || !strings.HasPrefix(servetest.Scrape(metrics), "HTTP/1.1 200 OK\r\n") {
		t.Errorf("first %v, second %v, metrics %q\n%s", greets(first), greets(second), servetest.Scrape(metrics), s.Stderr)
	}
	if info, err := os.Stat(metrics); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := os.Stat(first); err == nil {
		t.Error("the first socket is still there")
	}
	// One socket that cannot be had keeps everything as it was.
	servetest.NoError(t, os.WriteFile(first, nil, 0o600))
	s.Socket = filepath.Join(s.Dir, "run", "third.sock")
	s.Write(fmt.Sprintf("metrics = \"unix:%s\"", first))
	s.reload()
	if greets(s.Socket) || !greets(second) || servetest.Scrape(metrics) == "" || !strings.Contains(s.Stderr.String(), "is no socket") {
		t.Errorf("third %v, second %v\n%s", greets(s.Socket), greets(second), s.Stderr)
	}
	s.stop()
	for _, path := range []string{second, metrics, s.Socket} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

func TestAReloadOpensASocketAgainThatWasRemoved(t *testing.T) {
	s := serveWith(t, "", "")
	servetest.NoError(t, os.Remove(s.Socket))
	s.reload()
	if !greets(s.Socket) {
		t.Fatal("nobody listens there")
	}
	s.reload()
	if !greets(s.Socket) || len(s.server.submit.open) != 2 {
		t.Errorf("%d sockets are open", len(s.server.submit.open))
	}
	servetest.NoError(t, os.Rename(s.Socket, s.Socket+".old"))
	other, err := net.Listen("unix", s.Socket)
	servetest.NoError(t, err)
	defer other.Close()
	s.stop()
	if _, err := os.Stat(s.Socket); err != nil {
		t.Error("the socket of another program was removed")
	}
}

func TestAReloadTellsWhatOnlyARestartChanges(t *testing.T) {
	s := serveWith(t, "", "")
	text := fmt.Sprintf(servetest.Config, s.Peer.Addr(), filepath.Join(s.Dir, "other"), filepath.Join(s.Dir, "log"), "unix:"+s.Socket, "127.0.0.1:0", "max_size = 5000")
	s.Replace(strings.Replace(text, "[queue]", "[queue]\nworkers = 2", 1))
	s.reload()
	for _, want := range []string{fmt.Sprintf("the queue stays in %q until a restart", filepath.Join(s.Dir, "queue")), "queue.workers stays 4"} {
		if !strings.Contains(s.Stderr.String(), want) {
			t.Errorf("standard error has no %q: %s", want, s.Stderr)
		}
	}
	s.Replace(strings.Replace(text, "[queue]", "[queue]\nenabled = false", 1))
	s.reload()
	if text := s.Stderr.String(); !strings.Contains(text, "queue.enabled is false") || !strings.Contains(text, "the old configuration stays in force") {
		t.Error(text)
	}
	servetest.NoError(t, s.Send("me@box.example", "b@example.org", "Subject: x\n\nx\n"))
	s.Arrive(1)
}

func TestAReloadRefusesACircle(t *testing.T) {
	s := serveWith(t, "", "")
	s.Write("[account.work]\nsmarthost = [\"submission://smtp.example.org\", \"unix:" + filepath.Dir(s.Socket) + "/./submit.sock\"]")
	s.reload()
	if text := s.Stderr.String(); !strings.Contains(text, "account.work.smarthost") || !strings.Contains(text, "the old configuration stays in force") {
		t.Error(text)
	}
}

// TestAReloadInTheMiddleOfAMessageKeepsIt, and the session goes on under the
// configuration that it began with.
func TestAReloadInTheMiddleOfAMessageKeepsIt(t *testing.T) {
	s := serveWith(t, "", "")
	c := s.Dial("unix", s.Socket)
	defer c.Close()
	servetest.NoError(t, c.Mail("me@box.example"))
	servetest.NoError(t, c.Rcpt("b@example.org"))
	w, err := c.Data()
	servetest.NoError(t, err)
	io.WriteString(w, "Subject: half\r\n\r\n")
	s.Socket = filepath.Join(s.Dir, "run", "second.sock")
	s.Write("")
	s.reload()
	io.WriteString(w, "and the rest\r\n")
	servetest.NoError(t, w.Close())
	if text := string(s.Arrive(1)[0].Text); !strings.HasSuffix(text, "\r\n\r\nand the rest\r\n") {
		t.Errorf("%q", text)
	}
}

// TestWhoIsInTheMiddleOfAMessageIsToldThatTheServerEnds, and a client that had 250
// has lost nothing.
func TestWhoIsInTheMiddleOfAMessageIsToldThatTheServerEnds(t *testing.T) {
	s := serveWith(t, "CONNECT => 421 later\n", "")
	servetest.NoError(t, s.Send("me@box.example", "kept@example.org", "Subject: whole\n\nx\n"))
	var clients sync.WaitGroup
	for range 20 {
		c, err := net.Dial("unix", s.Socket)
		servetest.NoError(t, err)
		defer c.Close()
		r := bufio.NewReader(c)
		io.WriteString(c, "HELO x\r\nMAIL FROM:<me@box.example>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
		for !strings.HasPrefix(line(t, r), "354 ") {
		}
		io.WriteString(c, "Subject: half\r\n")
		clients.Go(func() {
			if text, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(text, "421 4.3.2 ") {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	servetest.NoError(t, s.stop())
	clients.Wait()
	n := 0
	for e := range s.server.queue.List() {
		n++
		if to := e.Envelope.Recipients[0].Address.String(); to != "kept@example.org" {
			t.Errorf("%s is in the queue", to)
		}
	}
	if n != 1 {
		t.Errorf("%d messages are in the queue", n)
	}
}

func TestAMessageThatIsTooLargeIsCountedAsRefused(t *testing.T) {
	s := serveWith(t, "", "max_size = 5000")
	metrics := filepath.Join(s.Dir, "run", "metrics.sock")
	s.Write(fmt.Sprintf("max_size = 5000\nmetrics = \"unix:%s\"", metrics))
	s.reload()
	if err := s.Send("me@box.example", "b@example.org", "Subject: x\n\n"+strings.Repeat("x\n", 5000)); err == nil {
		t.Error("it was taken")
	}
	servetest.Eventually(t, "it is counted when its session has ended", func() bool {
		return strings.Contains(servetest.Scrape(metrics), "\nmailchute_messages_total{result=\"refused\"} 1\n")
	})
}

func TestConcurrentScrapesWhileMailFlows(t *testing.T) {
	s := serveWith(t, "once RCPT => 550 5.1.1 no\n", "")
	metrics := filepath.Join(s.Dir, "run", "metrics.sock")
	s.Write(fmt.Sprintf("metrics = \"unix:%s\"", metrics))
	s.reload()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				if text := servetest.Scrape(metrics); !strings.Contains(text, "\nmailchute_queue_messages ") {
					t.Errorf("%q", text)
				}
			}
		})
		all.Go(func() {
			for range 5 {
				if err := s.Send("me@box.example", "b@example.org", "Subject: x\n\nx\n"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	servetest.Eventually(t, "all attempts are counted", func() bool {
		text := servetest.Scrape(metrics)
		return strings.Contains(text, "\nmailchute_messages_total{result=\"accepted\"} 20\n") &&
			strings.Contains(text, "\nmailchute_accept_duration_seconds_count 20\n") &&
			strings.Contains(text, "\nmailchute_attempts_total{outcome=\"failed\"} 1\n")
	})
	for _, secret := range []string{"example.org", "box.example"} {
		if strings.Contains(servetest.Scrape(metrics), secret) {
			t.Errorf("an address is in the metrics: %s", secret)
		}
	}
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/message"
	"mailchute/relay/queue"
)

// handing is a user who hands everything to the server at a socket, and has a
// queue of his own with a message in it.
type handing struct {
	t     *testing.T
	dir   string
	queue string
	own   string // the id of that message
}

func handOver(t *testing.T, socket string) *handing {
	t.Helper()
	h := &handing{t: t, dir: t.TempDir()}
	h.queue = filepath.Join(h.dir, "queue")
	h.configure(socket, h.queue)
	q, err := queue.Open(h.queue)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	e := servetest.Waiting()
	e.Submitted, e.Held = time.Now(), true
	e.Message = &message.Message{Header: []byte("Subject: own\r\n"), Body: message.NewBody([]byte("x\r\n"), message.Traits{Size: 3, WireSize: 3, LongestLine: 1})}
	if h.own, err = q.Accept(e); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *handing) configure(socket, dir string) {
	text := fmt.Sprintf("smarthost = \"unix:%s\"\naliases = \"\"\n[queue]\ndir = %q\n[log]\nto = \"none\"\n", socket, dir)
	if err := os.WriteFile(filepath.Join(h.dir, "mailchute.toml"), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// run is a command of this user.
func (h *handing) run(argv ...string) (stdout, stderr string, status exit.Status) {
	return h.fed(os.Stdin, argv...)
}

// send is a message of this user to one recipient.
func (h *handing) send(to string) (stdout, stderr string, status exit.Status) {
	path := filepath.Join(h.dir, "message")
	if err := os.WriteFile(path, []byte("Subject: x\n\nx\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer in.Close()
	return h.fed(in, "sendmail", "-f", "a@box.example", to)
}

// fed is a command with something on its standard input.
func (h *handing) fed(in *os.File, argv ...string) (stdout, stderr string, status exit.Status) {
	var out, words bytes.Buffer
	status = run(h.t.Context(), append([]string{"mailchute"}, argv...), face.Process{Stdin: in, Stdout: &out, Stderr: &words, Getenv: func(name string) string {
		if name == "MAILCHUTE_CONFIG" {
			return filepath.Join(h.dir, "mailchute.toml")
		}
		return ""
	}})
	return out.String(), words.String(), status
}

func TestTheOwnQueueAndTheServersAreOneList(t *testing.T) {
	s := serveWith(t, "", "")
	id := s.Keep(os.Getuid(), "there")
	h := handOver(t, s.Socket)
	out, words, status := h.run("queue", "list", "--json")
	var list []queue.Summary
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 2 || list[0].ID != h.own || list[1].ID != id || status != 0 || words != "" {
		t.Errorf("%v, %d, %s%s", err, status, out, words)
	}
	out, words, status = h.run("-bp")
	if !strings.Contains(out, h.own+"!") || !strings.Contains(out, id+"!") || !strings.Contains(out, " in 2 Requests.") || status != 0 || words != "" {
		t.Errorf("%d, %s%s", status, out, words)
	}
	for _, id := range []string{h.own, id} {
		if out, words, status := h.run("queue", "show", id); status != 0 || !strings.Contains(out, "id         "+id) {
			t.Errorf("%d, %s%s", status, out, words)
		}
		if out, words, status := h.run("queue", "remove", id); status != 0 || out+words != "" {
			t.Errorf("%d, %s%s", status, out, words)
		}
	}
	if out, words, status := h.run("queue", "list", "--json"); out != "[]\n" || status != 0 {
		t.Errorf("%d, %s%s", status, out, words)
	}
}

func TestAQueueThatTheServerWorksOnIsListedOnce(t *testing.T) {
	s := serveWith(t, "", "")
	id := s.Keep(os.Getuid(), "there")
	h := handOver(t, s.Socket)
	h.configure(s.Socket, filepath.Join(s.Dir, "queue"))
	if out, words, status := h.run("queue", "list"); strings.Count(out, id) != 1 || status != 0 {
		t.Errorf("%d, %s%s", status, out, words)
	}
	// It is the server that sends what is in there, by its configuration.
	if _, words, status := h.run("queue", "release", id); status != 0 {
		t.Error(words)
	}
	if _, words, status := h.run("-q"); status != 0 {
		t.Error(words)
	}
	if got := string(s.Arrive(1)[0].Text); strings.Contains(got, "Received:") {
		t.Errorf("it went through the socket once more:\n%s", got)
	}
}

func TestNoServerHidesAQueueByItsName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "queue")
	socket := replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE "+dir+"\r\n", "250 2.0.0 0 messages\r\n")
	h := handOver(t, socket)
	servetest.NoError(t, os.Rename(h.queue, dir))
	h.queue = dir
	h.configure(socket, dir)
	for _, args := range [][]string{{"queue", "list"}, {"-bp"}} {
		if out, words, status := h.run(args...); !strings.Contains(out, h.own) || status != 0 {
			t.Errorf("%q: %d, %s%s", args, status, out, words)
		}
	}
	if _, words, status := h.run("queue", "remove", h.own); status != 0 {
		t.Errorf("%d, %s", status, words)
	}
}

func TestNoSizeMakesTheSumWrong(t *testing.T) {
	for sizes, want := range map[string]string{
		`{"id":"1","size":9223372036854775807}|{"id":"2","size":9223372036854775807}`: "-- 9007199254740992 Kbytes in 2 Requests.",
		`{"id":"1","size":-5000}|{"id":"2","size":1025}`:                              "-- 2 Kbytes in 2 Requests.",
	} {
		objects := "250-2.0.0 " + strings.ReplaceAll(sizes, "|", "\r\n250-2.0.0 ") + "\r\n250 2.0.0 2 messages\r\n"
		h := &handing{t: t, dir: t.TempDir()}
		h.configure(replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE\r\n", objects), filepath.Join(h.dir, "queue"))
		if out, words, status := h.run("-bp"); !strings.Contains(out, want) || status != 0 {
			t.Errorf("%s: %d, %s%s", sizes, status, out, words)
		}
	}
}

// replying is a server that gives the same replies to everybody.
func replying(t *testing.T, greeting string, replies ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.WriteString(c, greeting)
				in := bufio.NewReader(c)
				for _, reply := range replies {
					if _, err := in.ReadString('\n'); err != nil {
						return
					}
					io.WriteString(c, reply)
				}
			}()
		}
	}()
	return path
}

func TestAServerThatCannotBeAskedHidesNothingOfTheOwnQueue(t *testing.T) {
	for name, c := range map[string]struct {
		socket        string
		words         string
		status, other exit.Status // of a list, and of an id that is not ours
	}{
		"is not there":            {filepath.Join(t.TempDir(), "none"), "cannot connect", exit.TempFail, exit.TempFail},
		"has no such extension":   {replying(t, "220 x\r\n", "250 x\r\n"), "does not tell its queue", exit.OK, exit.Unavailable},
		"is no mail server":       {replying(t, "SSH-2.0-x\r\n"), "not an SMTP reply", exit.Protocol, exit.Protocol},
		"has no time":             {replying(t, "421 4.3.2 busy\r\n"), "no service: 421 4.3.2 busy", exit.TempFail, exit.TempFail},
		"breaks off":              {replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE\r\n", "250-2.0.0 {}\r\n"), "", exit.TempFail, exit.TempFail},
		"speaks of other things":  {replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE\r\n", "250-hi\r\n250 ok\r\n"), "not what XQUEUE tells", exit.Protocol, exit.Protocol},
		"does not know its words": {replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE\r\n", "502 5.5.1 what\r\n"), "502 5.5.1 what", exit.Unavailable, exit.Unavailable},
		"forbids it":              {replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE\r\n", "550 5.7.1 no\r\n"), "", exit.Unavailable, exit.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			h := handOver(t, c.socket)
			for _, args := range [][]string{{"queue", "list"}, {"-bp"}} {
				out, words, status := h.run(args...)
				if !strings.Contains(out, h.own) || status != c.status || !strings.Contains(words, c.words) {
					t.Errorf("%q: %d, %s%s", args, status, out, words)
				}
			}
			if _, words, status := h.run("queue", "show", "00000000000000"); status != c.other || strings.Count(words, "\n") != 1 {
				t.Errorf("another id: %d, %s", status, words)
			}
			if _, words, status := h.run("queue", "release", h.own); status != 0 {
				t.Errorf("the own one: %d, %s", status, words)
			}
		})
	}
}

func TestWhatAServerSaysDoesNotSpeakToTheTerminal(t *testing.T) {
	const evil = `\u001b[31m\u009b2J\u202e\r\nid`
	object := `250-2.0.0 {"id":"` + evil + `","account":"` + evil + `","sender":"` + evil + `","recipients":["` + evil + `"],"last_error":"` + evil +
		`","fates":[{"recipient":"` + evil + `","state":"` + evil + `","text":"` + evil + `"}]}` + "\r\n250 2.0.0 \x1b[31m\r\n"
	text := "250-2.0.0 U3ViamVjdDogG1szMW0NCg0KeAo=\r\n250 2.0.0 ok\r\n" // Subject: ESC [ 3 1 m
	h := handOver(t, replying(t, "220 x\r\n", "250-x\r\n250 XQUEUE\r\n", object, text))
	for _, args := range [][]string{{"queue", "list"}, {"queue", "list", "--json"}, {"-bp"}, {"queue", "show", "1"}, {"queue", "show", "--json", "1"}} {
		out, words, _ := h.run(args...)
		if !strings.Contains(out, "id") || strings.ContainsFunc(strings.ReplaceAll(out+words, "\n", ""), func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q: %q %q", args, out, words)
		}
	}
}

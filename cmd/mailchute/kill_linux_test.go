package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// A scene is a queue, and a call of the program that is disturbed in it.
type scene struct {
	name  string
	setup func(*stage) // fills the queue
	args  []string
	stdin string
	named []string // recipients of the message on standard input
}

const crashRules = `once RCPT TO:<later => 450 4.2.0 later
RCPT TO:<never => 450 4.2.0 not yet
RCPT TO:<gone => 550 5.1.1 gone
RCPT TO:<old => 557 5.2.7 moved to <new@x.example>
`

// scenes are accept, delivery that keeps what is deferred, and runs of the queue
// that deliver, update, fail, report, follow a redirect, give up and forget.
var scenes = []scene{
	{name: "accept", args: []string{"mailchute", "-odq", "a@x.example", "b@x.example"}, stdin: "Subject: s\n\nhi\n", named: []string{"a@x.example", "b@x.example"}},
	{name: "accept a large one", args: []string{"mailchute", "-odq", "a@x.example"}, stdin: "Subject: s\n\n" + strings.Repeat("0123456789abcde\n", 80<<10), named: []string{"a@x.example"}},
	{name: "deliver and keep", args: []string{"mailchute", "-odi", "a@x.example", "later@x.example"}, stdin: "Subject: s\n\nhi\n", named: []string{"a@x.example", "later@x.example"}},
	{name: "flush", args: []string{"mailchute", "queue", "flush"}, setup: func(s *stage) {
		s.accept(0, "a1@x.example")
		s.accept(0, "a2@x.example", "later@x.example", "a3@x.example")
		s.accept(0, "a4@x.example", "gone@x.example")
		s.accept(0, "old@x.example")
		s.accept(0, "a5@x.example")
	}},
	{name: "flush many", args: []string{"mailchute", "queue", "flush"}, setup: func(s *stage) {
		for i := range 8 {
			s.accept(0, fmt.Sprintf("b%d@x.example", i))
		}
		s.accept(0, "gone1@x.example", "gone2@x.example")
		s.accept(0, "gone3@x.example")
	}},
	{name: "expire", args: []string{"mailchute", "-q"}, setup: func(s *stage) {
		s.accept(6*24*time.Hour, "never@x.example", "a1@x.example")
		s.accept(6*24*time.Hour, "never@x.example")
		s.failed(40 * 24 * time.Hour)
		s.failed(time.Hour)
	}},
}

// TestNothingIsLostWhenTheProgramIsKilled kills the program with SIGKILL when it
// comes back from one of its system calls: here after some of them, and with
//
//	MAILCHUTE_KILL=all go test -run ProgramIsKilled -v -timeout 1h ./cmd/mailchute
//
// after each.
func TestNothingIsLostWhenTheProgramIsKilled(t *testing.T) {
	stride := 17
	if os.Getenv("MAILCHUTE_KILL") == "all" {
		stride = 1
	}
	total, again := 0, 0
	for i := range scenes {
		sc := &scenes[i]
		points, windows := 0, 0
		for n := 1 + i*7%stride; ; n += stride {
			s := newStage(t, sc)
			cmd, said := s.command(sc.args...), s.said()
			cmd.Stderr = said
			status, killed, err := runTraced(cmd, n)
			if err != nil {
				t.Skipf("processes cannot be traced here: %v", err)
			}
			windows += s.judge(sc, fmt.Sprintf("%s, killed after call %d", sc.name, n), status, s.read(said))
			s.end()
			if !killed {
				break
			}
			points++
		}
		t.Logf("%s: %d kill points, %d of them sent a message again", sc.name, points, windows)
		total, again = total+points, again+windows
	}
	t.Logf("%d kill points, %d of them sent a message again, none lost one", total, again)
	if total < 40 {
		t.Errorf("only %d points", total)
	}
}

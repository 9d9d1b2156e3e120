package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
	"mailchute/relay/smtp/smtptest"
)

// TestMain makes this program, under each of its names, a command of the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mailchute": scriptMain, "sendmail": scriptMain, "mailq": scriptMain, "newaliases": scriptMain})
}

// scriptMain is main, but that check asks the name server of the script.
func scriptMain() {
	p := face.Process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	if at, err := netip.ParseAddrPort(os.Getenv("NAMESERVER")); err == nil {
		p.DNS = dns.Client{Servers: []netip.AddrPort{at}, Timeout: servetest.Patience, Attempts: 1}
	}
	os.Exit(int(start(p)))
}

// TestScripts runs the stories under testdata/script on the real binary. Besides
// testscript's own commands they have:
//
//	smarthost [RULES]  starts a scripted smarthost; RULES is a script of smtptest
//	                   $SMARTHOST is its host and port
//	config FILE        FILE with variables filled in becomes the configuration
//	arrived N          the smarthost has accepted N messages: the i-th lies in
//	                   i.eml, its envelope in i.env
//	wire TEXT          a command that begins with TEXT was received
//	! wire TEXT        none was
//	await TEXT         waits until one was
//	listening SOCKET   waits until somebody listens there
//	authority [FILE]   starts an authorization server of package oauthtest, whose
//	                   first answers to /token are the lines of FILE; $AUTHORITY
//	                   is its address
//	granted N          it was asked for a token N times
//	revoked TOKEN      it was given that token back
//	dns ZONE           starts a name server for check; without one nobody answers it
//	status N COMMAND   runs COMMAND, which must end with status N
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("..", "..", "testdata", "script"),
		Setup: atHome,
		Condition: func(c string) (bool, error) {
			if c == "configured" { // the machine that runs the tests has a configuration or a server
				_, file := os.Stat(config.System)
				_, socket := os.Stat(wire.SystemSocket)
				return file == nil || socket == nil, nil
			}
			return c == "root" && os.Getuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"smarthost": startPeer, "config": writeConfig, "arrived": arrived, "wire": onTheWire, "await": await, "listening": listening, "status": status, "generate": generate,
			"authority": startAuthority, "granted": granted, "revoked": revoked,
			"dns": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Setenv("NAMESERVER", dnstest.New(t, ts.ReadFile(args[0]), false).Addr.String())
			},
		},
	})
}

// atHome gives a script a home of its own, where nobody has a configuration yet.
func atHome(e *testscript.Env) error {
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "xdg"))
	e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state"))
	e.Setenv("MAILCHUTE_CONFIG", filepath.Join(e.WorkDir, "mailchute.toml"))
	e.Setenv("TMPDIR", e.WorkDir)
	e.Setenv("NAMESERVER", "127.0.0.1:1")
	e.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector holds each process up for a second
	return nil
}

// byDir holds the smarthost of each running script.
var byDir sync.Map

func startPeer(ts *testscript.TestScript, neg bool, args []string) {
	rules := ""
	if len(args) > 0 {
		rules = ts.ReadFile(args[0])
	}
	p, err := NewPeer(rules)
	ts.Check(err)
	ts.Defer(p.Close)
	ts.Setenv("SMARTHOST", p.Addr())
	byDir.Store(ts.Getenv("WORK"), p)
}

func thePeer(ts *testscript.TestScript) *smtptest.Server {
	p, ok := byDir.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("no smarthost was started")
	}
	return p.(*smtptest.Server)
}

func writeConfig(ts *testscript.TestScript, neg bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs("mailchute.toml"), []byte(text), 0o600))
}

func arrived(ts *testscript.TestScript, neg bool, args []string) {
	messages := thePeer(ts).Messages()
	if want, err := strconv.Atoi(args[0]); err != nil || want != len(messages) {
		ts.Fatalf("%d messages arrived, want %s", len(messages), args[0])
	}
	for i, m := range messages {
		ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("%d.eml", i+1)), []byte(strings.ReplaceAll(m.Text, "\r\n", "\n")), 0o600))
		ts.Check(os.WriteFile(ts.MkAbs(fmt.Sprintf("%d.env", i+1)), []byte(strings.Join(m.Envelope, "\n")+"\n"), 0o600))
	}
}

func onTheWire(ts *testscript.TestScript, neg bool, args []string) {
	found := false
	for _, line := range thePeer(ts).Commands() {
		found = found || strings.HasPrefix(line, args[0])
	}
	if found == neg {
		ts.Fatalf("on the wire: %q", thePeer(ts).Commands())
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(servetest.Patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for _, line := range thePeer(ts).Commands() {
			if strings.HasPrefix(line, args[0]) {
				return
			}
		}
	}
	ts.Fatalf("no %q on the wire within %v: %q", args[0], servetest.Patience, thePeer(ts).Commands())
}

// listening waits for more than the name of a socket, which is there a moment before
// somebody listens.
func listening(ts *testscript.TestScript, neg bool, args []string) {
	for end := time.Now().Add(servetest.Patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", ts.MkAbs(args[0])); err == nil {
			c.Close()
			return
		}
	}
	ts.Fatalf("nobody listens on %s", args[0])
}

// generate NAME TEXT COUNT writes TEXT, with \n and %d for the number, COUNT
// times to NAME.
func generate(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	text := strings.ReplaceAll(args[1], `\n`, "\n")
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(text, "%d", strconv.Itoa(i)))
	}
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	ts.Check(err)
	_, err = f.WriteString(b.String())
	ts.Check(err)
	ts.Check(f.Close())
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if err = ts.Exec(args[1], args[2:]...); exitCode(err) != want {
		ts.Fatalf("%v, want status %d", err, want)
	}
}

package main

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/oauth/oauthtest"
)

// authorities holds the authorization server of each running script.
var authorities sync.Map

// startAuthority starts one whose device codes can be asked for every second.
func startAuthority(ts *testscript.TestScript, _ bool, args []string) {
	a := oauthtest.New()
	a.Rotates = true
	a.Device = strings.Replace(a.Device, `"interval":5`, `"interval":1`, 1)
	if len(args) > 0 {
		a.Answers = strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	}
	ts.Defer(a.Close)
	ts.Setenv("AUTHORITY", a.URL)
	authorities.Store(ts.Getenv("WORK"), a)
}

// granted waits until a token was asked for that often: a process that runs beside
// the script may be on its way.
func granted(ts *testscript.TestScript, _ bool, args []string) {
	v, ok := authorities.Load(ts.Getenv("WORK"))
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if !ok {
		ts.Fatalf("no authorization server was started")
	}
	a := v.(*oauthtest.Server)
	for end := time.Now().Add(servetest.Patience); a.Grants() < want && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	if n := a.Grants(); n != want {
		ts.Fatalf("it was asked %d times, want %d", n, want)
	}
}

// revoked tells whether a token was given back.
func revoked(ts *testscript.TestScript, neg bool, args []string) {
	v, ok := authorities.Load(ts.Getenv("WORK"))
	if !ok {
		ts.Fatalf("no authorization server was started")
	}
	if all := v.(*oauthtest.Server).Revoked(); slices.Contains(all, args[0]) == neg {
		ts.Fatalf("given back: %q", all)
	}
}

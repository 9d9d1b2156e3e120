package interview

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/relay/queue"
)

func TestANewConfigurationFreesWhatWaitsForALogin(t *testing.T) {
	dir := t.TempDir()
	q, err := queue.Open(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	now := time.Now()
	hold := queue.RouteHold{Since: now, Set: now, Until: now.Add(time.Hour), Reason: "535 no", Login: true}
	for _, name := range []string{"", "work", "token"} {
		hold.Name = name
		if err := q.HoldRoute(hold); err != nil {
			t.Fatal(err)
		}
	}
	hold.Name, hold.Login = "unreachable", false
	if err := q.HoldRoute(hold); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "mailchute.toml")
	text := "smarthost = \"h.example\"\nqueue.dir = \"" + q.Path() + "\"\n[account.work]\n[account.unreachable]\n" +
		"[account.token.oauth]\nprovider = \"google\"\nclient_id = \"x\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	i := &initialization{Command: &Command{Config: path}, Process: face.Process{Stdout: &said, Stderr: &said, Getenv: func(string) string { return "" }}, path: path}
	i.freeLogins()
	for name, want := range map[string]bool{"": false, "work": false, "token": true, "unreachable": true} {
		if _, held := q.RouteHold(name); held != want {
			t.Errorf("account %q: held %v", name, held)
		}
	}
	const words = "next     mail that waited for the login goes out with: mailchute queue flush -C "
	if got := said.String(); strings.Count(got, "next") != 1 || !strings.HasPrefix(got, words) {
		t.Errorf("said %q", got)
	}
	said.Reset()
	if i.freeLogins(); said.Len() != 0 {
		t.Errorf("said %q though nothing waited", said.String())
	}
}

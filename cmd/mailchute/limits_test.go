package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/serve/servetest"
)

// TestWhatALimitRefusesStaysWithItsSender: in the queue of the caller where there is
// one, else with the caller and status 75.
func TestWhatALimitRefusesStaysWithItsSender(t *testing.T) {
	for _, limit := range []string{"messages_per_minute = 1", "connections_per_minute = 1"} {
		s := serveWith(t, "", limit+"\nusers.loopback = [\"*@box.example\"]")
		send := func(queue bool) exit.Status {
			config := filepath.Join(s.Dir, "client.toml")
			text := fmt.Sprintf("smarthost = \"smtp+plain://%s\"\naliases = \"\"\n[identity]\ndomain = \"box.example\"\n[log]\nto = \"none\"\n[queue]\nenabled = %v\ndir = %q\n", s.Port, queue, filepath.Join(s.Dir, "own"))
			servetest.NoError(t, os.WriteFile(config, []byte(text), 0o600))
			message := filepath.Join(s.Dir, "message")
			servetest.NoError(t, os.WriteFile(message, []byte("Subject: x\n\nx\n"), 0o600))
			stdin, err := os.Open(message)
			servetest.NoError(t, err)
			defer stdin.Close()
			return run(context.Background(), []string{"mailchute", "-C", config, "-f", "a@box.example", "b@example.org"},
				face.Process{Stdin: stdin, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }})
		}
		for i, want := range []exit.Status{exit.OK, exit.TempFail} {
			if got := send(false); got != want {
				t.Errorf("%s: message %d without a queue: status %d, want %d", limit, i, got, want)
			}
		}
		if got := send(true); got != exit.OK {
			t.Errorf("%s: with a queue: status %d", limit, got)
		}
		if kept, _ := filepath.Glob(filepath.Join(s.Dir, "own", "message", "*")); len(kept) != 1 {
			t.Errorf("%s: %q are kept", limit, kept)
		}
	}
}

package wire

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

func TestTheRedirectCommandGetsAddressesAndNeverOptions(t *testing.T) {
	for _, tt := range []struct{ name, old, to, want string }{
		{"old address, new one and code", "a@b.example", "c@d.example", "a@b.example c@d.example 557"},
		{"no shell reads them", "a@b.example", "$HOME`id`@d.example", "a@b.example $HOME`id`@d.example 557"},
		{"a new address like an option", "a@b.example", "-oX@d.example", ""},
		{"an old address like an option", "--x@b.example", "c@d.example", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := filepath.Join(t.TempDir(), "got")
			script := filepath.Join(t.TempDir(), "hook")
			if err := os.WriteFile(script, []byte("#!/bin/sh\nto=$1; shift; printf '%s' \"$*\" > \"$to\"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			var ends [2]address.Addr
			for i, text := range []string{tt.old, tt.to} {
				var err error
				if ends[i], err = address.ParsePath(text); err != nil {
					t.Fatal(err)
				}
			}
			err := OnRedirect(script+" "+got)(context.Background(), envelope.Hop{From: ends[0], To: ends[1], Code: 557})
			text, _ := os.ReadFile(got)
			if string(text) != tt.want {
				t.Errorf("the command was given %q, want %q", text, tt.want)
			}
			if refused := err != nil && strings.Contains(err.Error(), "option"); refused != (tt.want == "") {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestARedirectCommandThatHangsIsStoppedAndThenLeftAlone(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	script := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho x >> "+started+"\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	h := &hook{words: []string{script}, time: time.Second}
	hop := envelope.Hop{From: address.Addr{Local: "a", Domain: "b.example"}, To: address.Addr{Local: "c", Domain: "d.example"}, Code: 557}
	for i, want := range []string{"stopped after 1s", "not run for <a@b.example>: it took longer than 1s a moment ago", "not run for"} {
		if err := h.run(context.Background(), hop); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("call %d: %v, want %q", i, err, want)
		}
	}
	if text, _ := os.ReadFile(started); len(text) > len("x\n") {
		t.Errorf("it was started %d times", strings.Count(string(text), "x"))
	}
}

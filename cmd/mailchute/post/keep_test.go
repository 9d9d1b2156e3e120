package post

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/journal"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/route"
)

// When the queue cannot take a message whole, nothing of it counts as kept: with
// no server either, the status must not be 0 for anybody.
func TestNothingIsKeptOfAMessageThatTheQueueCannotTake(t *testing.T) {
	q, err := queue.Open(filepath.Join(t.TempDir(), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	in, err := inject.Read(strings.NewReader("Subject: s\n\nx\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	args := &inject.Args{Recipients: []string{"a@x.example", "b@x.example"}}
	sub, err := inject.Submit(args, in, inject.World{Login: "me", Stamp: inject.NewStamp()}, inject.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	// As with a mailing list, each recipient has an envelope.
	both := *sub.Envelopes[0]
	sub.Envelopes = nil
	for _, r := range both.Recipients {
		env := both
		env.Recipients = []*envelope.Recipient{r}
		sub.Envelopes = append(sub.Envelopes, &env)
	}
	// A body that is not what it says is what the queue refuses.
	sub.Message.Body = message.NewBody([]byte("x\n"), message.Traits{Size: 3})

	var said strings.Builder
	account := config.Defaults()
	account.Smarthosts = []route.Smarthost{{Scheme: route.Unix, Path: filepath.Join(t.TempDir(), "nobody")}}
	f := face.New(face.Process{Stderr: &said, Getenv: func(string) string { return "" }}, args)
	f.Config = &config.Config{Path: "/m.toml", Default: account}
	p := newPost(f, &account, q, &journal.Journal{})
	p.delivery = config.Background
	if status := p.Dispatch(context.Background(), sub); status != exit.TempFail {
		t.Errorf("status %d, want %d; said: %s", status, exit.TempFail, said.String())
	}
	for _, r := range both.Recipients {
		if p.Journal.IsKept(r) {
			t.Errorf("%s counts as kept", r.Original)
		}
	}
	for e := range q.List() {
		t.Errorf("%s is in the queue", e.ID)
	}
}

package post

import (
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"mailchute/cmd/mailchute/face"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/route"
	"mailchute/relay/smtp/smtptest"
)

// keep is the way of a session by a smarthost.
func keep(t *testing.T, smarthost string) *Kept {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mailchute.toml")
	if err := os.WriteFile(file, []byte("smarthost = \""+smarthost+"\"\n[queue]\nenabled = false\n[log]\nto = \"none\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := face.New(face.Process{Stderr: io.Discard, Getenv: func(string) string { return "" }}, &inject.Args{ConfigFile: file})
	if err := f.Load(); err != nil {
		t.Fatal(err)
	}
	k, err := Keep(f, &f.Config.Default)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.End)
	return k
}

func TestAConnectionThatNobodyUsesIsGivenUp(t *testing.T) {
	p := smtptest.New("")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	k := keep(t, "smtp+plain://"+p.Addr())
	c, giveBack, err := k.borrow("box.example")
	if err != nil {
		t.Fatal(err)
	}
	giveBack()
	if again, giveBack, err := k.borrow("box.example"); err != nil || again != c {
		t.Errorf("it is not kept: %v", err)
	} else {
		giveBack()
	}
	k.hangUp() // the timer does this
	if again, giveBack, err := k.borrow("box.example"); err != nil || again == c {
		t.Errorf("it is kept: %v", err)
	} else {
		giveBack()
	}
}

// TestADomainThatWasDownIsTriedForTheNextMessage: a client may keep its session open for
// hours, and a server that was down comes back.
func TestADomainThatWasDownIsTriedForTheNextMessage(t *testing.T) {
	p := smtptest.New("once CONNECT => drop")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	at := netip.MustParseAddrPort(p.Addr())
	k := keep(t, "mx:")
	send := func() envelope.State {
		c, giveBack, err := k.borrow("box.example")
		if err != nil {
			t.Fatal(err)
		}
		defer giveBack()
		c.Resolver = &route.Resolver{Port: int(at.Port())}
		to := address.Addr{Local: "x", Domain: "[127.0.0.1]"}
		env := &envelope.Envelope{Recipients: []*envelope.Recipient{{Original: to, Address: to}}}
		c.Deliver(t.Context(), env, &message.Message{Header: []byte("Subject: x\r\n"), Body: message.NewBody(nil, message.Traits{})}, false)
		return env.Recipients[0].Outcome.State
	}
	if s := send(); s != envelope.Deferred {
		t.Errorf("while the server is down: state %d", s)
	}
	if s := send(); s != envelope.Delivered {
		t.Errorf("when it is up: state %d", s)
	}
}

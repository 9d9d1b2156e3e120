package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// modelStage is the servers that all combinations share.
type modelStage struct {
	*network
	smarthosts map[string]*peer // by what they say and who they are
	theirs     *peer            // the new domain's own server
	files      string           // a directory for memories
	made       int
}

func newModelStage(t *testing.T) *modelStage {
	s := &modelStage{network: newNetwork(t, false, "new.example MX 1 mx.new.example\nmx.new.example A 127.0.0.41"), smarthosts: map[string]*peer{}, files: memoryDir(t)}
	const usual = "AUTH => 235 ok\nRCPT TO:<gone@ => 550 5.1.1 no such user\n"
	s.theirs = s.server(41, "EHLO => 250-mx.new.example\\n250-PIPELINING\\n250 AUTH PLAIN\n"+usual, nil)
	for code, says := range map[int]string{250: "250 fine", 551: "551 5.1.6 <" + newBox + ">", 557: "557 5.2.7 <" + newBox + ">", 558: "558 5.2.8 <" + newBox + ">"} {
		for own, name := range map[bool]string{true: "mail.old.example", false: "relay.example"} {
			script := "EHLO => 250-" + name + "\\n250-PIPELINING\\n250 AUTH PLAIN\nRCPT TO:<" + oldBox + " => " + says + "\n" + usual
			s.smarthosts[fmt.Sprint(code, own)] = newPeer(t, script)
		}
	}
	return s
}

// memoryDir is a directory in memory where the system has one: thousands of files
// that are synced to a disk would take most of the time.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "model")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// rest makes the new mailbox answer with a temporary no, until it is woken.
func (p *peer) rest(on bool) {
	p.Say(toNewBox, "")
	if on {
		p.Say(toNewBox, "450 4.2.0 the mailbox rests")
	}
}

// memoryOf is a memory of its own that holds what the world remembers.
func (s *modelStage) memoryOf(w world) *redirect.Memory {
	s.made++
	path := filepath.Join(s.files, fmt.Sprint(s.made))
	if old, to, ok := strings.Cut(w.memory, ">"); ok {
		line, err := json.Marshal(redirect.Entry{Old: addr(old), New: addr(to), Code: 557, Server: "relay.example", Verified: "relay.example"})
		if err = errors.Join(err, os.WriteFile(path, line, 0o600)); err != nil {
			s.t.Error(err)
		}
	}
	return redirect.OpenMemory(path)
}

// relayOf is the way out in a world.
func (s *modelStage) relayOf(w world, smarthost *peer) *Relay {
	way := smarthost.smarthost()
	r := s.relay(way)
	r.Redirect = redirect.Policy{Follow: w.follow, Codes: []int{551, 557, 558}, Via: w.via, MaxHops: w.maxHops(), Remember: true, AllowDomains: []string{"*"}}
	r.Memory = s.memoryOf(w)
	if w.trusted {
		r.SMTP.Login = &smtp.Login{User: "u", Secret: func(context.Context) (secret.Secret, error) { return secret.New("hunter2"), nil }}
		return r
	}
	// Nobody logs in where he cannot be sure whom he talks to.
	r.Smarthosts[0].Host = "192.0.2.1"
	r.SMTP.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if strings.HasPrefix(address, "192.0.2.1:") {
			address = smarthost.listener.Addr().String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return r
}

func envelopeOf(w world) *envelope.Envelope {
	env := newEnvelope(oldBox)
	if w.state == sentOn {
		r := env.Recipients[0]
		r.Original, r.Address = addr(startBox), addr(startBox)
		r.Redirect(envelope.Hop{From: r.Address, To: addr(oldBox), Code: 557, Server: "mx.start.example", Trusted: w.trusted})
		r.Apply(envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseRoute})
	}
	if w.both {
		env.Recipients = append(env.Recipients, newEnvelope(newBox).Recipients...)
	}
	wake(env)
	return env
}

// wake makes the deferred open again, as a queue does when their time has come.
func wake(env *envelope.Envelope) {
	for _, r := range env.Deferred() {
		r.Apply(envelope.Outcome{})
	}
}

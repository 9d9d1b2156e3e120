package post

import (
	"sync"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/inject/config"
	"mailchute/relay"
)

// keptTime is how long a connection waits for the next message of a session. Who
// sends many has the next one at hand; a server has others to serve, and a client
// may keep its session open for hours.
const keptTime = 5 * time.Second

// Kept is the way of an account's messages in a session of -bs: the connection to
// the smarthost outlives the message. Each message still has its own transaction,
// outcomes, log records and exit status, and a connection that was lost meanwhile
// is made anew by the carrier.
type Kept struct {
	*Post
	done func()

	mu      sync.Mutex // against the end of the wait
	carrier *relay.Carrier
	idle    *time.Timer
}

// Keep opens the way of an account for several messages, and a log for them. End has
// to be called in the end.
func Keep(f *face.Call, account *config.Account) (*Kept, error) {
	j, err := f.OpenJournal(account)
	if err != nil {
		return nil, err
	}
	p, done, err := New(f, account, j)
	if err != nil {
		j.Close()
		return nil, err
	}
	k := &Kept{Post: p, done: func() { done(); j.Close() }}
	p.kept, p.quiet = k, true // the reply tells it
	return k, nil
}

// Begin makes k ready for the next message.
func (k *Kept) Begin() {
	k.ids, k.mailed = nil, nil
	k.Journal.Reset()
}

// End closes the way.
func (k *Kept) End() {
	k.hangUp()
	k.done()
}

// borrow gives the carrier for one message; it has to be given back.
func (k *Kept) borrow(hello string) (c *relay.Carrier, giveBack func(), err error) {
	k.mu.Lock()
	if k.idle != nil {
		k.idle.Stop()
	}
	if k.carrier == nil {
		r, err := k.relay(hello)
		if err != nil {
			k.mu.Unlock()
			return nil, nil, err
		}
		k.carrier = r.Carrier()
	}
	return k.carrier, k.giveBack, nil
}

// giveBack keeps a carrier that still leads somewhere, for a while: the next
// message tries the smarthosts from the first one on when this one found none, and
// so it does with the servers of a domain.
func (k *Kept) giveBack() {
	if k.carrier.Trouble() != nil {
		k.drop()
	} else {
		k.carrier.ForgetTrouble()
		k.idle = time.AfterFunc(keptTime, k.hangUp)
	}
	k.mu.Unlock()
}

func (k *Kept) hangUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop()
}

func (k *Kept) drop() {
	if k.idle != nil {
		k.idle.Stop()
	}
	if k.carrier != nil {
		k.carrier.Close()
		k.carrier = nil
	}
}

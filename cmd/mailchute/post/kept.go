package post

import (
	"sync"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/journal"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/logbook"
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
	Post *Post
	done func()

	mu      sync.Mutex // against the end of the wait
	carrier *relay.Carrier
	idle    *time.Timer
}

// KeptWay opens the way of an account for several messages.
func KeptWay(f *face.Call, account *config.Account) (*Kept, error) {
	book, err := logbook.Open(account.Log.To, account.Log.Format, f.Tag())
	if err != nil {
		return nil, &exit.ConfigError{Err: err}
	}
	k := &Kept{}
	p, done, err := New(f, account, &journal.Journal{Book: book, Account: account.Name, User: f.Who.Login})
	if err != nil {
		book.Close()
		return nil, err
	}
	p.kept, p.quiet = k, true // the reply tells it
	k.Post, k.done = p, func() { done(); book.Close() }
	return k, nil
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
		r, err := k.Post.relay(hello)
		if err != nil {
			k.mu.Unlock()
			return nil, nil, err
		}
		k.carrier = r.Carrier()
	}
	return k.carrier, k.giveBack, nil
}

// giveBack keeps a carrier that still leads somewhere, for a while: the next
// message tries the smarthosts from the first one on when this one found none.
func (k *Kept) giveBack() {
	if k.carrier.Trouble() != nil {
		k.drop()
	} else {
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

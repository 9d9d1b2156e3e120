package main

import (
	"sync"
	"time"

	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/logbook"
)

// keptTime is how long a connection waits for the next message of a session. Who
// sends many has the next one at hand; a server has others to serve, and a client
// may keep its session open for hours.
const keptTime = 5 * time.Second

// kept is the way of an account's messages in a session of -bs: the connection to
// the smarthost outlives the message. Each message still has its own transaction,
// outcomes, log records and exit status, and a connection that was lost meanwhile
// is made anew by the carrier.
type kept struct {
	post *post
	done func()

	mu      sync.Mutex // against the end of the wait
	carrier *relay.Carrier
	idle    *time.Timer
}

// keptWay opens the way of an account for several messages.
func (f *face) keptWay(account *config.Account) (*kept, error) {
	book, err := logbook.Open(account.Log.To, account.Log.Format, f.tag())
	if err != nil {
		return nil, &configError{err}
	}
	k := &kept{}
	p, done, err := f.post(account, &journal{book: book, account: account.Name, user: f.who.login})
	if err != nil {
		book.Close()
		return nil, err
	}
	p.kept, p.quiet = k, true // the reply tells it
	k.post, k.done = p, func() { done(); book.Close() }
	return k, nil
}

// end closes the way.
func (k *kept) end() {
	k.hangUp()
	k.done()
}

// borrow gives the carrier for one message; it has to be given back.
func (k *kept) borrow(hello string) (c *relay.Carrier, giveBack func(), err error) {
	k.mu.Lock()
	if k.idle != nil {
		k.idle.Stop()
	}
	if k.carrier == nil {
		r, err := k.post.relay(hello)
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
func (k *kept) giveBack() {
	if k.carrier.Trouble() != nil {
		k.drop()
	} else {
		k.idle = time.AfterFunc(keptTime, k.hangUp)
	}
	k.mu.Unlock()
}

func (k *kept) hangUp() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop()
}

func (k *kept) drop() {
	if k.idle != nil {
		k.idle.Stop()
	}
	if k.carrier != nil {
		k.carrier.Close()
		k.carrier = nil
	}
}

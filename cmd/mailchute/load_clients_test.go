package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is many clients at a time that submit numbered messages, one in each
// session, as programs that send a mail do.
type load struct {
	network, address string // of the server
	sender           string
	clients          int
	pace             int // messages a second; 0: as fast as they are taken
	text             []byte

	up       sync.RWMutex // held while the server is down
	next     atomic.Int64
	messages int

	mu       sync.Mutex
	answers  []time.Duration // from the final dot to its reply, of each message
	visits   []time.Duration // from the call for a connection to that reply
	accepted []bool          // by number
	taken    int
	again    int // messages that were sent again, because the first reply never came
	failures []error
	began    time.Time
	ended    time.Time
	every    func(taken int) // called for each message that was taken
}

func newLoad(network, address string, clients, messages, size int) *load {
	return &load{network: network, address: address, sender: "load@box.example", clients: clients, messages: messages,
		text: sampleText(size), accepted: make([]bool, messages)}
}

// sampleText is a message of about size octets, the lone dot behind it.
func sampleText(size int) []byte {
	var b bytes.Buffer
	b.WriteString("From: load@box.example\r\nTo: all@example.org\r\nSubject: load\r\n\r\n")
	line := strings.Repeat("0123456789", 7) + "\r\n"
	for b.Len()+len(line) <= size {
		b.WriteString(line)
	}
	b.WriteString(".\r\n")
	return b.Bytes()
}

// run submits all messages.
func (l *load) run() {
	l.began = time.Now()
	var all sync.WaitGroup
	for range l.clients {
		all.Go(func() {
			for n := int(l.next.Add(1)) - 1; n < l.messages; n = int(l.next.Add(1)) - 1 {
				if l.pace > 0 {
					time.Sleep(time.Until(l.began.Add(time.Duration(n) * time.Second / time.Duration(l.pace))))
				}
				l.submit(n)
			}
		})
	}
	all.Wait()
	l.ended = time.Now()
}

// submit sends one message until it is taken. A server that is down comes back:
// its clients wait for it and try again.
func (l *load) submit(n int) {
	for try := 0; ; try++ {
		took, visit, sent, err := l.session(n)
		l.mu.Lock()
		if err == nil {
			l.answers, l.visits = append(l.answers, took), append(l.visits, visit)
			l.accepted[n] = true
			l.taken++
			if l.every != nil {
				l.every(l.taken)
			}
		} else if sent {
			l.again++
		}
		if err != nil && try > 50 {
			l.failures = append(l.failures, err)
		}
		l.mu.Unlock()
		if err == nil || try > 50 {
			return
		}
	}
}

// session submits one message. sent tells that the final dot may have arrived.
func (l *load) session(n int) (took, visit time.Duration, sent bool, err error) {
	arrived := time.Now()
	l.up.RLock()
	c, err := l.dial(n)
	l.up.RUnlock()
	if err != nil {
		return 0, 0, false, err
	}
	defer c.Close()
	r := bufio.NewReaderSize(c, 1<<10)
	if err := expect(r, "220"); err != nil {
		return 0, 0, false, err
	}
	envelope := fmt.Sprintf("MAIL FROM:<%s>\r\nRCPT TO:<n%d@example.org>\r\nDATA\r\n", l.sender, n)
	for _, step := range []struct {
		say  string
		hear []string
	}{{"EHLO client.example\r\n", []string{"250"}}, {envelope, []string{"250", "250", "354"}}} {
		if _, err := c.Write([]byte(step.say)); err != nil {
			return 0, 0, false, err
		}
		if err := expect(r, step.hear...); err != nil {
			return 0, 0, false, err
		}
	}
	began := time.Now()
	if _, err := c.Write(l.text); err != nil {
		return 0, 0, true, err
	}
	if err := expect(r, "250"); err != nil {
		return 0, 0, true, err
	}
	took, visit = time.Since(began), time.Since(arrived)
	c.Write([]byte("QUIT\r\n"))
	expect(r, "221")
	return took, visit, true, nil
}

// dial connects, on loopback from one of many addresses: each connection keeps its
// port for a minute, and one address does not have enough of them.
func (l *load) dial(n int) (net.Conn, error) {
	var d net.Dialer
	if l.network == "tcp" {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+n%200))}
	}
	return d.Dial(l.network, l.address)
}

// expect reads replies with these codes.
func expect(r *bufio.Reader, codes ...string) error {
	for _, code := range codes {
		for more := true; more; {
			line, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if len(line) < 4 || line[:3] != code {
				return fmt.Errorf("want %s, got %q", code, line)
			}
			more = line[3] == '-'
		}
	}
	return nil
}

// percentile is the milliseconds that p of a hundred do not exceed.
func percentile(all []time.Duration, p int) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[(len(sorted)-1)*p/100].Seconds() * 1e3
}

// perSecond is how many messages a second were taken until a time.
func (l *load) perSecond(until time.Time) float64 {
	return float64(l.messages) / until.Sub(l.began).Seconds()
}

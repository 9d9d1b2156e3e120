package runner

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mailchute/relay/route"
	"mailchute/relay/smtp/smtptest"
)

// peer is a smarthost on loopback whose answers a test changes as it goes.
type peer struct{ *smtptest.Server }

func newPeer(t testing.TB) *peer {
	t.Helper()
	p := &peer{smtptest.New("")}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func (p *peer) smarthost() route.Smarthost {
	host, port, _ := net.SplitHostPort(p.Addr())
	n, _ := strconv.Atoi(port)
	return route.Smarthost{Scheme: route.Plain, Host: host, Port: n}
}

// letters is the messages to somebody, in the order in which they came; "" is all.
func (p *peer) letters(to string) []smtptest.Message {
	return slices.DeleteFunc(p.Messages(), func(m smtptest.Message) bool {
		return to != "" && !slices.Contains(m.Recipients, to)
	})
}

// copies is how often each mailbox got a message with this subject.
func (p *peer) copies(subject string) map[string]int {
	n := map[string]int{}
	for _, m := range p.Messages() {
		if strings.Contains(m.Text, fmt.Sprintf("Subject: %s\r\n", subject)) && m.Sender != "" {
			for _, r := range m.Recipients {
				n[r]++
			}
		}
	}
	return n
}

// along is how many texts had something behind them when their end was seen.
func (p *peer) along() (n int) {
	for _, m := range p.Messages() {
		if m.Followed {
			n++
		}
	}
	return n
}

package relay

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
)

// randomWorld is six mailboxes in three domains, what the smarthost and the domains'
// own servers say to them, and how we are configured.
type randomWorld struct {
	ways      string // parted by commas: "mx", "smarthost", and "spare", which says the same
	via       string
	codes     []int
	allowed   []string
	remember  bool
	smarthost string            // its name: a relay's, or below the first domain
	says      map[string]string // by server and mailbox
	security  map[string]string // of a domain: "", "offered" or "demanded", by DANE
	to        []string          // recipients
	protected bool              // with REQUIRETLS
	served    string            // a mailbox that has its copy by another envelope, or ""
}

func (w randomWorld) String() string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(w.says)) {
		words = append(words, k+": "+w.says[k])
	}
	return fmt.Sprintf("by %s, via %s, codes %v, allowed %v, remember %v, smarthost %s, TLS %v, to %v, REQUIRETLS %v, served %q\n  %s",
		w.ways, w.via, w.codes, w.allowed, w.remember, w.smarthost, w.security, w.to, w.protected, w.served, strings.Join(words, "\n  "))
}

const greylists = "450, then 250"

// randomStage is the servers of all worlds.
type randomStage struct {
	*network
	*rand.Rand
	domains   []string
	mailboxes []string
	smart     *peer            // the smarthost
	spare     *peer            // relay.example
	mx        map[string]*peer // by domain
	records   map[string]string
	dir       string
	made      int
}

func newRandomStage(t *testing.T) *randomStage {
	s := &randomStage{network: newNetwork(t, true, ""), Rand: rand.New(rand.NewPCG(557, 558)),
		smart: newPeer(t, ""), spare: newPeer(t, ""), mx: map[string]*peer{}, records: map[string]string{}, dir: memoryDir(t)}
	for i := range 3 {
		domain := fmt.Sprintf("d%d.example", i)
		security, tlsa := s.certify("mx." + domain)
		s.mx[domain] = s.server(171+i, "", security)
		s.records[domain] = fmt.Sprintf("%s MX 1 mx.%[1]s\nmx.%[1]s A 127.0.0.%d\n", domain, 171+i)
		s.records["demanded "+domain] = fmt.Sprintf("_%d._tcp.mx.%s TLSA %s\n", s.port, domain, tlsa)
		s.domains = append(s.domains, domain)
		s.mailboxes = append(s.mailboxes, "a@"+domain, "b@"+domain)
	}
	return s
}

func oneOf[T any](s *randomStage, list ...T) T { return list[s.IntN(len(list))] }

// world is one of many.
func (s *randomStage) world() randomWorld {
	w := randomWorld{
		ways: oneOf(s, "smarthost", "mx", "mx, smarthost", "smarthost, spare", "smarthost, mx"),
		via:  oneOf(s, redirect.ViaAuto, redirect.ViaSmarthost, redirect.ViaMX), codes: oneOf(s, []int{557, 558}, []int{551, 557, 558}),
		allowed: oneOf(s, []string{"*"}, []string{"*"}, s.domains[1:]), remember: s.IntN(4) > 0, smarthost: oneOf(s, "relay.example", "mail.d0.example"),
		says: map[string]string{}, security: map[string]string{},
	}
	for _, box := range s.mailboxes {
		w.says["smarthost "+box], w.says["mx "+box] = s.reply(), s.reply()
		if s.IntN(2) == 0 {
			w.says["mx "+box] = w.says["smarthost "+box]
		}
	}
	for _, domain := range s.domains {
		w.security[domain] = oneOf(s, "", "", "offered", "demanded")
	}
	w.protected = s.IntN(8) == 0
	if s.IntN(4) == 0 {
		w.served = oneOf(s, s.mailboxes...)
	}
	for _, i := range s.Perm(len(s.mailboxes))[:2+s.IntN(2)] {
		w.to = append(w.to, s.mailboxes[i])
	}
	return w
}

func (s *randomStage) reply() string {
	switch s.IntN(12) {
	case 0, 1:
		return "550 5.1.1 no"
	case 2:
		return greylists
	case 3:
		return "551 5.1.6 <" + oneOf(s, s.mailboxes...) + ">"
	case 4, 5, 6:
		return "557 5.2.7 <" + oneOf(s, s.mailboxes...) + ">"
	case 7:
		return "558 5.2.8 <" + oneOf(s, s.mailboxes...) + ">"
	}
	return "250 ok"
}

// later is the world some days on: servers have learnt, and forgotten.
func (s *randomStage) later(w randomWorld) randomWorld {
	w.says = maps.Clone(w.says)
	for _, k := range slices.Sorted(maps.Keys(w.says)) {
		if s.IntN(3) == 0 {
			w.says[k] = s.reply()
		}
	}
	return w
}

// set makes the servers those of a world, and forgets what they were told.
func (s *randomStage) set(w randomWorld) {
	var zone strings.Builder
	for _, domain := range s.domains {
		zone.WriteString(s.records[domain])
		keywords := `\n250 PIPELINING`
		if w.security[domain] != "" {
			keywords = `\n250-PIPELINING\n250-STARTTLS\n250 REQUIRETLS`
			zone.WriteString(s.records[w.security[domain]+" "+domain])
		}
		s.script(s.mx[domain], "EHLO", "250-mx."+domain+keywords)
	}
	s.names.Set(zone.String())
	for p, name := range map[*peer]string{s.smart: w.smarthost, s.spare: "relay.example"} {
		s.script(p, "CONNECT", "220 "+name)
		s.script(p, "EHLO", "250-"+name+`\n250 PIPELINING`)
	}
	for _, box := range s.mailboxes {
		_, domain, _ := strings.Cut(box, "@")
		s.script(s.smart, "RCPT TO:<"+box+">", w.says["smarthost "+box])
		s.script(s.spare, "RCPT TO:<"+box+">", w.says["smarthost "+box])
		s.script(s.mx[domain], "RCPT TO:<"+box+">", w.says["mx "+box])
	}
	for _, p := range s.peers() {
		p.Forget()
	}
}

func (s *randomStage) script(p *peer, command, reply string) {
	p.Say(command, "")
	if reply == greylists {
		p.SayOnce(command, 1, "450 4.2.0 later", nil)
		return
	}
	p.Say(command, reply)
}

func (s *randomStage) peers() []*peer {
	return append([]*peer{s.smart, s.spare}, slices.Collect(maps.Values(s.mx))...)
}

// memory is a new one.
func (s *randomStage) memory() *redirect.Memory { return redirect.OpenMemory(s.path("memory")) }

func (s *randomStage) path(name string) string {
	s.made++
	return filepath.Join(s.dir, fmt.Sprint(name, s.made))
}

// play sends a message to some recipients until all are served or there have been
// six attempts. In between it lies in a queue, and somebody may meddle.
func (s *randomStage) play(w randomWorld, m *redirect.Memory, meddle func(*redirect.Memory), to ...string) *envelope.Envelope {
	s.set(w)
	r := s.relay(s.smarthosts(w)...)
	r.Redirect.Via, r.Redirect.Codes, r.Redirect.AllowDomains, r.Redirect.Remember, r.Memory = w.via, w.codes, w.allowed, w.remember, m
	q, err := queue.Open(s.path("queue"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer q.Close()
	env := newEnvelope(to...)
	env.Options.RequireTLS = w.protected
	id, err := q.Accept(queue.Entry{Submitted: time.Now(), Envelope: env, Message: newMessage("hello\r\n")})
	if err != nil {
		s.t.Fatal(err)
	}
	for attempt := 1; ; attempt++ {
		it, err := q.Acquire(id)
		if err != nil {
			s.t.Fatal(err)
		}
		it.WakeAll()
		if w.served != "" {
			it.Envelope.Served = []address.Addr{addr(w.served)}
		}
		r.Deliver(s.t.Context(), it.Envelope, it.Message)
		err = it.Update()
		it.Release()
		if err != nil {
			s.t.Fatal(err)
		}
		if attempt == 6 || len(it.Envelope.Deferred()) == 0 {
			return it.Envelope
		}
		meddle(m)
	}
}

func (s *randomStage) smarthosts(w randomWorld) (list []route.Smarthost) {
	for way := range strings.SplitSeq(w.ways, ", ") {
		switch way {
		case "mx":
			list = append(list, route.Smarthost{Scheme: route.MX})
		case "smarthost":
			list = append(list, s.smart.smarthost())
		case "spare":
			list = append(list, s.spare.smarthost())
		}
	}
	return list
}

func nobody(*redirect.Memory) {}

// somebody forgets what is remembered, or knows better.
func (s *randomStage) somebody(m *redirect.Memory) {
	old := addr(oneOf(s, s.mailboxes...))
	err := m.Forget(old)
	if to := addr(oneOf(s, s.mailboxes...)); err == nil && to != old && s.IntN(2) == 0 {
		err = m.Learn(redirect.Entry{Old: old, New: to, Code: 557, Learned: time.Now()})
	}
	if err != nil {
		s.t.Error(err)
	}
}

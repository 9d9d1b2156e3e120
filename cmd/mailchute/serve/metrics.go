package serve

import (
	"runtime"
	"strconv"
	"time"

	"mailchute/cmd/mailchute/metrics"
	"mailchute/cmd/mailchute/release"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
	"mailchute/relay/runner"
)

// The limits that a client can run into, by their names in the metrics.
const (
	limitSessions    = "sessions"
	limitConnections = "connections_per_minute"
	limitMessages    = "messages_per_minute"
)

// meters counts what the server does, for whoever asks.
type meters struct {
	began              time.Time
	depth              *depth
	unix, tcp          metrics.Counter // sessions
	accepted, refused  metrics.Counter // messages
	sent, late, failed metrics.Counter // recipients of attempts
	redirects          [3]metrics.Counter
	sessions           metrics.Counter // refused by a limit
	connections        metrics.Counter
	messages           metrics.Counter
	accepting          *metrics.Histogram
	attempts           *metrics.Histogram
}

func newMeters(q *queue.Queue) *meters {
	const ms = time.Millisecond
	return &meters{began: time.Now(), depth: &depth{queue: q},
		accepting: metrics.NewHistogram(1*ms, 2500*time.Microsecond, 5*ms, 10*ms, 25*ms, 50*ms, 100*ms, 250*ms, 500*ms, 1*time.Second, 5*time.Second, 30*time.Second),
		attempts:  metrics.NewHistogram(10*ms, 25*ms, 50*ms, 100*ms, 250*ms, 500*ms, 1*time.Second, 2500*ms, 5*time.Second, 10*time.Second, 30*time.Second, time.Minute, 5*time.Minute),
	}
}

// redirectCodes is the codes in the order of meters.redirects.
var redirectCodes = [3]int{551, 557, 558}

// took counts a message that a session handed over, and passes the answer on.
func (m *meters) took(began time.Time, r reply.Reply) reply.Reply {
	m.accepting.Observe(time.Since(began))
	if r.Class() == reply.Success {
		m.accepted.Inc()
	} else {
		m.refused.Inc()
	}
	return r
}

// unkept counts messages that sessions could not hand over.
func (m *meters) unkept(n int) {
	for range n {
		m.refused.Inc()
	}
}

// opened counts a session.
func (m *meters) opened(known bool) {
	if known {
		m.unix.Inc()
	} else {
		m.tcp.Inc()
	}
}

// limited counts what a limit refused.
func (m *meters) limited(limit string) {
	switch limit {
	case limitSessions:
		m.sessions.Inc()
	case limitConnections:
		m.connections.Inc()
	case limitMessages:
		m.messages.Inc()
	}
}

// followed counts a redirect.
func (m *meters) followed(code int) {
	for i, c := range redirectCodes {
		if c == code {
			m.redirects[i].Inc()
		}
	}
}

// attempted counts an attempt of the queue. What waits because its way is held was
// not attempted.
func (m *meters) attempted(e runner.Event) {
	if e.Entry == nil || e.Attempt.Took == 0 {
		return
	}
	m.attempts.Observe(e.Attempt.Took)
	for _, i := range e.Tried {
		switch e.Entry.Envelope.Recipients[i].Outcome.State {
		case envelope.Delivered:
			m.sent.Inc()
		case envelope.Failed:
			m.failed.Inc()
		default:
			m.late.Inc()
		}
	}
}

// page is the answer to a scrape.
func (m *meters) page(open int, now time.Time) []byte {
	var p metrics.Page
	n, oldest := m.depth.look(now)
	age := 0.0
	if !oldest.IsZero() {
		age = max(now.Sub(oldest).Seconds(), 0)
	}
	p.Gauge("mailchute_build_info", "Version of the program.", 1, "version", release.Version(), "goversion", runtime.Version())
	p.Gauge("mailchute_queue_messages", "Messages that wait in the queue.", float64(n))
	p.Gauge("mailchute_queue_oldest_age_seconds", "Age of the oldest message in the queue; 0 when it is empty.", age)
	p.Counter("mailchute_attempts_total", "Attempts to deliver to a recipient, by outcome.")
	p.Sample("mailchute_attempts_total", m.sent.Value(), "outcome", "delivered")
	p.Sample("mailchute_attempts_total", m.late.Value(), "outcome", "deferred")
	p.Sample("mailchute_attempts_total", m.failed.Value(), "outcome", "failed")
	p.Histogram("mailchute_attempt_duration_seconds", "Time of an attempt for a message.", m.attempts)
	p.Counter("mailchute_redirects_total", "Redirects that were followed, by code.")
	for i, code := range redirectCodes {
		p.Sample("mailchute_redirects_total", m.redirects[i].Value(), "code", strconv.Itoa(code))
	}
	m.submission(&p, open)
	p.Gauge("process_start_time_seconds", "Start of the server, as Unix time.", float64(m.began.UnixMilli())/1e3)
	if octets, ok := residentMemory(); ok {
		p.Gauge("process_resident_memory_bytes", "Memory that the server takes.", octets)
	}
	p.Gauge("go_goroutines", "Goroutines of the server.", float64(runtime.NumGoroutine()))
	return p.Bytes()
}

// submission writes what clients did.
func (m *meters) submission(p *metrics.Page, open int) {
	p.Gauge("mailchute_sessions_open", "SMTP sessions at the moment.", float64(open))
	p.Counter("mailchute_sessions_total", "SMTP sessions, by kind of socket.")
	p.Sample("mailchute_sessions_total", m.unix.Value(), "socket", "unix")
	p.Sample("mailchute_sessions_total", m.tcp.Value(), "socket", "tcp")
	p.Counter("mailchute_messages_total", "Messages that were handed in, by result.")
	p.Sample("mailchute_messages_total", m.accepted.Value(), "result", "accepted")
	p.Sample("mailchute_messages_total", m.refused.Value(), "result", "refused")
	p.Histogram("mailchute_accept_duration_seconds", "Time from the end of a message to the reply.", m.accepting)
	p.Counter("mailchute_limited_total", "Sessions and messages that a limit of a user refused.")
	p.Sample("mailchute_limited_total", m.sessions.Value(), "limit", limitSessions)
	p.Sample("mailchute_limited_total", m.connections.Value(), "limit", limitConnections)
	p.Sample("mailchute_limited_total", m.messages.Value(), "limit", limitMessages)
}

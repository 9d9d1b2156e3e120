// Package serve is the local submission server: SMTP on a Unix socket, where the
// kernel says who is calling, and on loopback if asked; the queue, and delivery.
//
// The promise: 250 behind a text means that the message is on disk. What one user
// does never stops another.
//
// The way of a message:
//
//	session: on disk, then 250 ──┐
//	sweep: what is due again ────┼──> backlog ──> workers ──> smarthost
//	XQUEUE: what is asked for ───┘
//
// The disk has it all; the backlog is the order in which ids are tried. It has a turn
// for each share, which is a user's new mail or his other. A worker takes one message
// at a time, and keeps its connection for the next. No share gets all workers: one
// alone has half of them, the next half of what is left.
package serve

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/metrics"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject/session"
	"mailchute/relay/logbook"
	"mailchute/relay/queue"
)

// server is the local submission server: it takes messages over sockets of this
// machine, puts them into the queue, says 250 once they are on disk, and sends
// them on.
//
// One server is one user id, one queue and one memory of redirects. Who submits
// is what the kernel says of the other end of the socket. Only the server has to
// be able to read the configuration with its secrets.
type server struct {
	live     atomic.Pointer[settings]
	submit   ears
	scrape   ears // for metrics
	queue    *queue.Queue
	gate     *gate
	connects *rate
	letters  *rate
	refusals *rate // that the log tells of
	demands  *rate // for an attempt, of each message
	backlog  *backlog
	workers  int
	meters   *meters
	room     *session.Room
	door     chan struct{} // one for each connection that was not let in yet
	heavy    *turns        // of messages that are large and in hand
	inflow   *inflow       // of texts from 354 to the disk
	sessions sync.WaitGroup
	visits   context.Context // of sessions; ends after the server's own
	looks    looks           // at the queue
}

// heavyAtATime bounds how many large messages are in hand at a time, and with it
// the memory that their headers can take. A user has one of them.
const heavyAtATime = 4

// atTheDoor bounds how many connections take a descriptor before it is known whether
// they may.
const atTheDoor = 16

// roomForAll is the octets of memory that all sessions share for texts and for long
// lists of recipients.
const roomForAll = 32 << 20

// memoryLimit is the octets at which memory is collected however little there is to
// gain, so that the garbage of large headers does not double what they take.
const memoryLimit = 48 << 20

// serve runs the server until a signal ends it.
func serve(ctx context.Context, f *face.Call) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)

	keepSecrets()
	if f.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	f.Part = host.ServerPart
	f.Voice = voice.To(logbook.Patient(f.Stderr)) // whoever does not read it must not stop the mail
	first, err := newSettings(f)
	if err != nil {
		return err
	}
	s, err := newServer(ctx, past(ctx, lastOrders), first)
	if err != nil {
		return err
	}
	return s.run(ctx, reload)
}

// newServer makes a server with its queue, and listens. It ends with ctx, its sessions
// with visits.
func newServer(ctx, visits context.Context, first *settings) (*server, error) {
	q, err := first.openQueue()
	if err != nil {
		return nil, err
	}
	// A user alone gets half of the workers.
	workers := 2 * first.Config.Default.Queue.Workers
	s := &server{
		submit: ears{mode: everybody}, scrape: ears{mode: itsGroup},
		queue: q, backlog: newBacklog(workers), workers: workers, meters: newMeters(q),
		gate: newGate(sessionsFor(host.Descriptors())), door: make(chan struct{}, atTheDoor), connects: newRate(), letters: newRate(), refusals: newRate(), demands: newRate(),
		room: session.NewRoom(roomForAll), heavy: newTurns(heavyAtATime), inflow: newInflow(textsAtATime), visits: visits,
	}
	if err := s.hear(ctx, first); err != nil {
		q.Close()
		return nil, err
	}
	return s, nil
}

// hear takes the sockets that systemd hands over, and opens the others.
func (s *server) hear(ctx context.Context, first *settings) error {
	if err := inherited(first.Getenv, &s.submit, &s.scrape); err != nil {
		return err
	}
	ports, scrapes := s.submit.open, s.scrape.open
	if err := s.listen(ctx, first); err != nil {
		return err
	}
	first.warnLoopback(ports)
	s.attend(ctx, ports, scrapes)
	return nil
}

// stopTime is how long sessions and deliveries may take to come to an end. What
// has not ended then has not been said 250 to, or is in the queue.
const stopTime = 5 * time.Second

// run serves until ctx ends.
func (s *server) run(ctx context.Context, reload <-chan os.Signal) error {
	var deliveries sync.WaitGroup
	s.deliver(ctx, &deliveries)
	deliveries.Go(func() { s.again(ctx, time.Now()) })
	now := s.live.Load()
	notify := now.notify
	notify("READY=1\n" + s.status())
	pulse := time.NewTicker(pulseEvery(now.Getenv))
	defer pulse.Stop()
	mute := false // the log is
	for ctx.Err() == nil {
		select {
		case <-reload:
			notify(reloading())
			if s.reload(ctx) {
				deliveries.Go(func() { s.again(ctx, time.Now()) })
			}
			notify("READY=1\n" + s.status())
		case <-pulse.C:
			mute = s.live.Load().tellOfLog(mute)
			notify("WATCHDOG=1\n" + s.status())
		case <-ctx.Done():
		}
	}
	notify("STOPPING=1\nSTATUS=sessions and deliveries come to an end")
	closeSockets(s.submit.open)
	waitFor(stopTime, func() { s.sessions.Wait(); deliveries.Wait() })
	closeSockets(s.scrape.open)
	lapse(s.queue, time.Now())
	s.queue.Close()
	s.live.Load().book.Close()
	return nil
}

// attend listens at sockets until they are closed.
func (s *server) attend(ctx context.Context, submit, scrape []socket) {
	for _, l := range submit {
		s.sessions.Go(func() { s.accept(ctx, l) })
	}
	for _, l := range scrape {
		go metrics.Serve(l, func() []byte { return s.meters.page(s.gate.open(), time.Now()) })
	}
}

// waitFor waits until f has returned, or for a time.
func waitFor(longest time.Duration, f func()) {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(longest):
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
	"mailchute/relay/queue"
)

// serveCommand is `mailchute serve`.
type serveCommand struct {
	Config    string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	PrintUnit string `help:"Print a unit for systemd and end: mailchute.service, mailchute.socket, mailchute-queue.service or mailchute-queue.timer." placeholder:"NAME"`
}

func (c *serveCommand) run(ctx context.Context, p process) exitStatus {
	f := &face{process: p, voice: voice{p.Stderr}, who: lookUpUser(), args: &inject.Args{ConfigFile: c.Config}}
	if c.PrintUnit != "" {
		return f.report(printUnit(p.Stdout, c.PrintUnit))
	}
	return f.report(f.serve(ctx))
}

// server is the local submission server: it takes messages over sockets of this
// machine, puts them into the queue, says 250 once they are on disk, and sends
// them on.
//
// One server is one user id, one queue and one memory of redirects. Who submits
// is what the kernel says of the other end of the socket. Only the server has to
// be able to read the configuration with its secrets.
type server struct {
	live     atomic.Pointer[settings]
	queue    *queue.Queue
	gate     *gate
	backlog  *backlog
	heavy    chan struct{} // one for each message that is large and in hand
	sessions sync.WaitGroup
}

// settings is the configuration in force, replaced as a whole by a reload.
type settings struct {
	*face
	book  *logbook.Book
	world inject.World // of this machine; who submits is not in it
	name  string       // of this host
}

// heavyAtATime bounds how many large messages are in hand at a time, and with it
// the memory that their headers can take.
const heavyAtATime = 4

// serve runs the server until a signal ends it.
func (f *face) serve(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)

	keepSecrets()
	first, err := f.settings()
	if err != nil {
		return err
	}
	s, sockets, err := first.newServer()
	if err != nil {
		return err
	}
	return s.run(ctx, sockets, reload)
}

// newServer makes a server with its queue and its sockets open.
func (s *settings) newServer() (*server, []socket, error) {
	q, err := openServeQueue(&s.config.Default, s.args.QueueDir)
	if err != nil {
		return nil, nil, err
	}
	sockets, err := openSockets(s.config.Default.Serve.Listen, s.Getenv)
	if err != nil {
		q.Close()
		return nil, nil, err
	}
	s.warnLoopback(sockets)
	v := &server{queue: q, gate: newGate(), backlog: newBacklog(), heavy: make(chan struct{}, heavyAtATime)}
	v.live.Store(s)
	return v, sockets, nil
}

// stopTime is how long sessions and deliveries may take to come to an end. What
// has not ended then has not been said 250 to, or is in the queue.
const stopTime = 5 * time.Second

// run serves until ctx ends.
func (s *server) run(ctx context.Context, sockets []socket, reload <-chan os.Signal) error {
	var deliveries sync.WaitGroup
	s.deliver(ctx, &deliveries)
	for _, l := range sockets {
		go s.accept(ctx, l)
	}
	notify := s.live.Load().notify
	notify("READY=1")
	for ctx.Err() == nil {
		select {
		case <-reload:
			notify(reloading())
			s.reload()
			notify("READY=1")
		case <-ctx.Done():
		}
	}
	notify("STOPPING=1")
	closeSockets(sockets)
	waitFor(stopTime, func() { s.sessions.Wait(); deliveries.Wait() })
	s.queue.Close()
	s.live.Load().book.Close()
	return nil
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

// settings reads the configuration and what surrounds it.
func (f *face) settings() (*settings, error) {
	fresh := *f
	fresh.notes = nil
	if err := fresh.load(); err != nil {
		return nil, err
	}
	c := &fresh.config.Default
	if len(c.Smarthosts) == 0 {
		return nil, &configError{fmt.Errorf("%s: no smarthost is configured", fresh.config.Path)}
	}
	if len(c.Smarthosts) == 1 && c.Smarthosts[0].Path != "" {
		for _, l := range c.Serve.Listen {
			if l.Address == c.Smarthosts[0].Path {
				return nil, &configError{fmt.Errorf("%s: the smarthost is the socket that serve itself listens on; serve needs a configuration of its own, see -C", fresh.config.Path)}
			}
		}
	}
	book, err := logbook.Open(c.Log.To, c.Log.Format, fresh.tag())
	if err != nil {
		return nil, &configError{err}
	}
	w := world(fresh.who, fresh.Getenv)
	name, err := hostName(c, w)
	if err != nil {
		return nil, &configError{err}
	}
	for _, note := range fresh.notes {
		book.Write(logbook.Record{Event: "warning", Text: note})
	}
	return &settings{face: &fresh, book: book, world: w, name: name}, nil
}

// reload puts a new configuration in force. One that is wrong changes nothing.
// The sockets and the queue stay as they are.
func (s *server) reload() {
	old := s.live.Load()
	fresh, err := old.settings()
	if err != nil {
		old.complain(err)
		old.voice.say("the old configuration stays in force")
		old.book.Write(logbook.Record{Event: "warning", Text: "the old configuration stays in force: " + err.Error()})
		return
	}
	s.live.Store(fresh)
	old.book.Close()
	fresh.book.Write(logbook.Record{Event: "reload", Text: fresh.config.Path})
}

// openServeQueue is the queue that the server fills and empties: the machine's,
// whatever user it runs as.
func openServeQueue(a *config.Account, override string) (*queue.Queue, error) {
	dir := "/var/spool/mailchute"
	if a.Queue.Dir != "" {
		dir = a.Queue.Dir
	}
	if override != "" {
		dir = override
	}
	if !a.Queue.Enabled {
		return nil, &configError{errors.New("serve needs the queue, and queue.enabled is false")}
	}
	return queue.Open(dir)
}

// journal writes the log for one user.
func (s *settings) journal(user string) *journal { return &journal{book: s.book, user: user} }

func (s *settings) notify(state string) { notify(s.Getenv("NOTIFY_SOCKET"), state) }

package serve

import (
	"context"
	"fmt"
	"time"

	"mailchute/relay/logbook"
)

// reload puts a new configuration in force, with its sockets, and tells whether it
// did. One that is wrong changes nothing. The queue stays where it is.
func (s *server) reload(ctx context.Context) bool {
	old := s.live.Load()
	fresh, err := newSettings(old.Call)
	if err == nil {
		err = s.replace(ctx, fresh)
	}
	if err != nil {
		old.Complain(err)
		old.Voice.Say("the old configuration stays in force")
		old.book.Write(logbook.Record{Event: "warning", Text: "the old configuration stays in force: " + err.Error()})
		return false
	}
	old.book.Close()
	fresh.book.Write(logbook.Record{Event: "reload", Text: fresh.Config.Path})
	return true
}

// replace puts fresh in force. What only a restart changes is told.
func (s *server) replace(ctx context.Context, fresh *settings) error {
	dir, err := fresh.queueDir()
	if err != nil {
		return err
	}
	if err := s.listen(ctx, fresh); err != nil {
		return err
	}
	if dir != s.queue.Path() {
		fresh.tell(fmt.Sprintf("the queue stays in %q until a restart", s.queue.Path()))
	}
	if n := fresh.Config.Default.Queue.Workers; 2*n != s.workers {
		fresh.tell(fmt.Sprintf("queue.workers stays %d until a restart", s.workers/2))
	}
	return nil
}

// listen opens the sockets of a configuration, puts it in force, and closes the sockets
// that it does not name any more. With an error nothing has changed.
func (s *server) listen(ctx context.Context, fresh *settings) error {
	if len(s.submit.at(fresh.listens())) == 0 {
		return errDeaf
	}
	if err := checkCircle(fresh.Config, s.submit.at(fresh.listens())); err != nil {
		return err
	}
	ports, err := s.submit.missing(fresh.listens())
	if err != nil {
		return err
	}
	scrapes, err := s.scrape.missing(fresh.scrapes())
	if err != nil {
		closeSockets(ports)
		return err
	}
	s.enforce(fresh)
	fresh.warnLoopback(ports)
	fresh.warnUnheard(s.submit.at(fresh.listens()))
	s.submit.adopt(fresh.listens(), ports)
	s.scrape.adopt(fresh.scrapes(), scrapes)
	s.attend(ctx, ports, scrapes)
	return nil
}

// enforce puts a configuration in force. What is known of the ways of the old one says
// nothing of its own.
func (s *server) enforce(fresh *settings) {
	if old := s.live.Load(); old != nil {
		old.ways.End()
		lapse(s.queue, time.Now())
	}
	s.live.Store(fresh)
}

package serve

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
	"mailchute/relay/runner"
)

// settings is the configuration in force, replaced as a whole by a reload.
type settings struct {
	*face.Call
	book  *logbook.Book
	world inject.World // of this machine; who submits is not in it
	name  string       // of this host
	ways  *runner.Ways
}

// newSettings reads the configuration and what surrounds it, and opens the log.
func newSettings(f *face.Call) (*settings, error) {
	s, err := readSettings(f)
	if err != nil {
		return nil, err
	}
	log := s.Config.Default.Log
	if s.book, err = logbook.Open(logTo(log.To, exists), log.Format, s.Tag()); err != nil {
		return nil, &exit.ConfigError{Err: err}
	}
	for _, note := range s.Notes {
		s.book.Write(logbook.Record{Event: "warning", Text: note})
	}
	return s, nil
}

// readSettings is newSettings without the log.
func readSettings(f *face.Call) (*settings, error) {
	fresh := *f
	fresh.Notes = nil
	if err := fresh.Load(); err != nil {
		return nil, err
	}
	c := &fresh.Config.Default
	switch {
	case fresh.Config.Path == "":
		return nil, errNoConfigOfItsOwn
	case len(c.Smarthosts) == 0:
		return nil, &exit.ConfigError{Err: fmt.Errorf("%s: no smarthost is configured", fresh.Config.Path)}
	}
	w := host.World(fresh.Who, fresh.Getenv)
	name, err := wire.HostName(c, w)
	if err != nil {
		return nil, &exit.ConfigError{Err: err}
	}
	if err := checkIdentities(fresh.Config, w); err != nil {
		return nil, err
	}
	return &settings{Call: &fresh, world: w, name: name, ways: &runner.Ways{}}, nil
}

// checkSettings tells whether a server would start with the configuration, or a reload
// take it, as far as that shows without sockets, a queue and a log. What is odd is said.
func checkSettings(f *face.Call) error {
	f.Part = host.ServerPart
	s, err := readSettings(f)
	if err != nil {
		return err
	}
	for _, note := range s.Notes {
		s.Voice.Say("warning: %s", note)
	}
	if _, err := s.queueDir(); err != nil {
		return err
	}
	return checkCircle(s.Config, s.listens())
}

// errNoConfigOfItsOwn is a server without a configuration, on a machine whose
// mail already goes to a server.
var errNoConfigOfItsOwn = &exit.ConfigError{Err: errors.New("serve has no configuration that it can read; make one with: mailchute init --serve; and name it with -C")}

// checkIdentities holds that whoever submits has an identity under each account, unless
// the configuration says in words that there is none: else everybody could send
// as anybody, and nothing in the mail would tell who did.
func checkIdentities(c *config.Config, w inject.World) error {
	for _, a := range c.All() {
		id := serveRules(a).Identity
		if id.Address == "none" {
			continue
		}
		who, err := id.Resolve(w)
		if err == nil && who.System.Domain == "" {
			err = errors.New(`no domain is known, so nobody has an identity: set identity.domain; or identity.address = "none" to let everybody send as anybody`)
		}
		if err != nil {
			return &exit.ConfigError{Err: fmt.Errorf("%s: %w", c.Path, err)}
		}
	}
	return nil
}

// logTo is where the log goes. A container has neither a journal nor a syslog, but
// somebody who keeps what its programs say.
func logTo(to string, exists func(path string) bool) string {
	if to == "auto" && !exists("/run/systemd/journal/socket") && !exists("/dev/log") {
		return "stderr"
	}
	return to
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// listens is where mail is taken.
func (s *settings) listens() []config.Listen { return s.Config.Default.Serve.Listen }

// scrapes is where Prometheus may ask.
func (s *settings) scrapes() []config.Listen {
	if l := s.Config.Default.Serve.Metrics; l != (config.Listen{}) {
		return []config.Listen{l}
	}
	return nil
}

// journal writes the log for one user.
func (s *settings) journal(user string) *journal.Journal {
	return journal.New(s.book, "", user)
}

func (s *settings) notify(state string) { notify(s.Getenv("NOTIFY_SOCKET"), state) }

// warnLoopback tells of ports that take nothing.
func (s *settings) warnLoopback(sockets []socket) {
	for _, l := range sockets {
		if _, ok := s.Config.Default.Serve.Users[loopback]; !l.local() && !ok {
			s.tell(fmt.Sprintf("%s takes no mail: serve.users has no line such as %s = [\"*@example.org\"], and nobody can be known there", l.Addr(), loopback))
		}
	}
}

// warnUnheard tells of sockets that the configuration names, but systemd, which hands
// over all there are, does not.
func (s *settings) warnUnheard(there []config.Listen) {
	usual := config.Defaults().Serve.Listen
	for _, l := range s.listens() {
		if !slices.Contains(there, l) && !slices.Contains(usual, l) {
			s.tell(fmt.Sprintf("serve.listen: nobody listens at %q, as systemd hands over other sockets; it needs the line ListenStream=%s in the socket unit", l.Address, l.Address))
		}
	}
}

// tellOfLog says on standard error that the log has begun to fail, as a file does that
// the sandbox of the unit does not let be written. It tells whether the log fails.
func (s *settings) tellOfLog(known bool) bool {
	err := s.book.Err()
	if err != nil && !known {
		s.Voice.Say("warning: the log cannot be written: %v", err)
	}
	return err != nil
}

// tell warns on standard error and in the log.
func (s *settings) tell(text string) {
	s.Voice.Say("warning: %s", text)
	s.book.Write(logbook.Record{Event: "warning", Text: text})
}

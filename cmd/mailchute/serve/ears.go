package serve

import (
	"errors"
	"io/fs"
	"slices"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
)

// ears is the sockets of one kind that the server listens on.
type ears struct {
	mode  fs.FileMode // of Unix sockets
	given bool        // by systemd, so they are not ours to change
	open  []socket
}

// at is where the ears are, or will be.
func (e *ears) at(wanted []config.Listen) []config.Listen {
	if !e.given {
		return wanted
	}
	var all []config.Listen
	for _, s := range e.open {
		all = append(all, s.at)
	}
	return all
}

// missing opens what is wanted and not open yet, or cannot be found any more: all of
// it or nothing.
func (e *ears) missing(wanted []config.Listen) (fresh []socket, err error) {
	if e.given {
		return nil, nil
	}
	for _, l := range wanted {
		if slices.ContainsFunc(e.open, func(s socket) bool { return s.at == l && s.isThere() }) {
			continue
		}
		s, err := open(l, e.mode)
		if err != nil {
			closeSockets(fresh)
			return nil, err
		}
		fresh = append(fresh, s)
	}
	return fresh, nil
}

// adopt takes what missing has opened, and closes what is not wanted any more.
func (e *ears) adopt(wanted []config.Listen, fresh []socket) {
	if e.given {
		return
	}
	kept := fresh
	for _, s := range e.open {
		if slices.Contains(wanted, s.at) && s.isThere() {
			kept = append(kept, s)
		} else {
			s.leave()
		}
	}
	e.open = kept
}

// errDeaf is a server without a socket.
var errDeaf = &exit.ConfigError{Err: errors.New("serve.listen is empty: nothing to listen on")}

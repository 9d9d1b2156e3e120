package serve

import (
	"errors"
	"net"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/reply"
)

// client is who submits.
type client struct {
	host.User        // of the user; on loopback TCP nobody is known, and the login is empty
	known     bool   // the kernel says so
	lender    string // who has been lent this user id, subuid(5); "" for most
}

// loopback is the name of all clients on TCP in [serve.users].
const loopback = "loopback"

// key is the name by which a client is looked up and told of.
func (c client) key() string {
	if !c.known {
		return loopback
	}
	return c.Login
}

// lentByRoot is who shares the ids that root lends, to containers: not root himself, who
// has no limits. No login has a colon.
const lentByRoot = ":lent by root"

// share is the name under which a client has his share of the server. Ids that a user
// has been lent for name spaces of his own count as that user: he has thousands of
// them, and would have a share with each.
func (c client) share() string {
	switch c.lender {
	case "":
		return c.key()
	case "root":
		return lentByRoot
	}
	return c.lender
}

// clientOf is the client at the other end of c. On a Unix socket the kernel tells
// the user id that connected, whatever the environment or the client says.
func clientOf(c net.Conn, local bool) (client, error) {
	if !local {
		return client{}, nil
	}
	sc, ok := c.(syscall.Conn)
	if !ok {
		return client{}, errors.New("not a socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return client{}, err
	}
	uid := -1
	if e := raw.Control(func(fd uintptr) { uid, err = peerUID(int(fd)) }); e != nil {
		return client{}, e
	}
	if err != nil {
		return client{}, err
	}
	return knownClient(uid), nil
}

// knownClient is the client who has a user id.
func knownClient(uid int) client {
	who := client{User: host.LookUpUser(uid), known: true}
	if !who.Listed {
		who.lender = host.Lender(uid)
	}
	return who
}

// verdict is what a client's MAIL FROM is worth.
type verdict int

const (
	refused verdict = iota
	ignored         // the system identity takes its place
	counts
)

// judge weighs the reverse-path of a client. Root may use any. Who is named in
// [serve.users] may use what stands there, and his own; who is not named is
// believed when identity.trusted names him. The null sender is nobody's, so the identity
// takes its place where there is one. On loopback nobody is known, so only
// what [serve.users] allows there is taken.
func judge(c client, sender address.Addr, who inject.Who, s config.Serve) verdict {
	patterns, named := s.Users[c.key()]
	switch {
	case c.known && c.UID == 0:
		return counts
	case named && !sender.IsNull() && matchesAny(patterns, sender.Qualify(who.Domain)):
		return counts
	case !c.known:
		return refused
	case named && sender.IsNull() && who.System.IsNull():
		return counts // the From address is the other sender there is, and he may not be that
	case named && !sender.IsNull() && !sender.Qualify(who.Domain).Equal(who.System):
		return refused
	case named, !who.Trusted:
		return ignored
	}
	return counts
}

func matchesAny(patterns []string, a address.Addr) bool {
	for _, p := range patterns {
		if config.MatchAddress(p, a) {
			return true
		}
	}
	return false
}

// who is the identity of c under the rules of an account.
func (s *settings) who(c client, id inject.Identity) (inject.Who, inject.World, error) {
	w := s.world
	w.Login, w.FullName, w.Root, w.Stamp = c.Login, c.FullName, c.known && c.UID == 0, inject.NewStamp()
	who, err := id.Resolve(w)
	return who, w, err
}

// mayUse answers MAIL.
func (s *settings) mayUse(c client) func(address.Addr) *reply.Reply {
	return func(sender address.Addr) *reply.Reply {
		a := &s.Config.Default
		who, _, err := s.who(c, serveRules(a).Identity)
		if err != nil {
			r := exit.ReplyToError(&exit.ConfigError{Err: err})
			return &r
		}
		if judge(c, sender, who, a.Serve) != refused {
			return nil
		}
		text := "you may not send as this address"
		if !c.known {
			text = "this address is not allowed here: serve.users." + loopback + " in the server's configuration"
		}
		return &reply.Reply{Code: 550, Enhanced: reply.Enhanced{Class: 5, Subject: 7, Detail: 1}, Lines: []string{text}}
	}
}

// serveRules is rules, for a machine that many share: nobody's -f counts unless
// the configuration says so.
func serveRules(a *config.Account) inject.Rules {
	r := wire.Rules(a)
	r.Identity.Trusted = a.Identity.TrustedOr()
	return r
}

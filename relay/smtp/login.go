package smtp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mailchute/relay/reply"
	"mailchute/relay/sasl"
	"mailchute/relay/secret"
)

// loginState is how far the login of a connection is.
type loginState struct {
	done       bool
	prepared   bool
	renewed    bool     // the secret was refused, and is another now
	mechanisms []string // still to be tried, in order
	secret     string
}

// maxResponse bounds a line of the exchange, RFC 4954 section 4; maxSteps the
// number of challenges.
const (
	maxResponse = 12288
	maxSteps    = 16
)

// Login logs in now. Send does that by itself, in the same flight as the
// envelope where that is allowed. Without Options.Login it does nothing.
// Errors are *Error.
func (c *Conn) Login(ctx context.Context) error {
	defer c.under(ctx)()
	if !c.loginDue() {
		return nil
	}
	if err := c.prepareLogin(ctx); err != nil {
		return err
	}
	if err := c.logIn(); err != nil {
		return err
	}
	return nil
}

func (c *Conn) loginDue() bool { return c.options.Login != nil && !c.login.done }

func (c *Conn) loginError(err error) *Error {
	return &Error{Phase: PhaseLogin, Server: c.server(), Err: err, Local: true}
}

// prepareLogin picks the mechanisms and fetches the secret, once.
func (c *Conn) prepareLogin(ctx context.Context) *Error {
	if c.dead != nil {
		return c.dead
	}
	if c.login.prepared {
		return nil
	}
	if !c.Trusted() { // RFC 8314 section 5.2; before a single AUTH
		return &Error{Phase: PhaseLogin, Server: c.server(), Err: ErrUntrusted, Local: true}
	}
	l := c.options.Login
	offered := c.extensions.Auth
	c.login.mechanisms = sasl.Offered(offered, l.Mechanisms, c.tls != nil, l.Secret != nil)
	if len(c.login.mechanisms) == 0 {
		return c.loginError(noMechanism(offered, l.Mechanisms, c.tls != nil))
	}
	if l.Secret != nil {
		s, err := l.Secret(ctx)
		if err != nil {
			return c.withoutSecret(err)
		}
		c.login.secret = s.Reveal()
		c.hidden.add(c.login.secret)
	}
	c.login.prepared = true
	return nil
}

// withoutSecret is the error of a login whose secret could not be had. Where that
// may pass by itself it is trouble with the way, and no refusal of this side.
func (c *Conn) withoutSecret(err error) *Error {
	e := c.loginError(err)
	var t interface{ Temporary() bool }
	e.Local = !errors.As(err, &t) || !t.Temporary()
	return e
}

// noMechanism is why none of those that are offered can be used.
func noMechanism(offered, wanted []string, overTLS bool) error {
	switch {
	case len(offered) == 0:
		return fmt.Errorf("%w: it offers no AUTH", ErrNoMechanism)
	case len(sasl.Offered(offered, wanted, overTLS, true)) > 0:
		return ErrNoPassword
	case wanted == nil:
		return fmt.Errorf("%w: it offers %s", ErrNoMechanism, quote(strings.Join(offered, " ")))
	}
	return fmt.Errorf("%w: it offers %s, wanted is %s", ErrNoMechanism,
		quote(strings.Join(offered, " ")), quote(strings.Join(wanted, " ")))
}

// rider is the mechanism whose AUTH may be the first command of a group, nil
// when there is none: RFC 4954 section 4 allows it where the initial response
// is all that the client has to say.
func (c *Conn) rider() *attempt {
	name := c.login.mechanisms[0]
	if !c.pipelining() || !sasl.InitialAlone(name) {
		return nil
	}
	a, err := c.begin(name)
	if err != nil || a.none || a.late {
		return nil // the login in flights of its own says what is wrong
	}
	return a
}

// logIn tries the mechanisms in order, each in flights of its own. Only a
// refusal of the mechanism itself leads on to the next, and one of a secret that
// can be renewed to another try.
func (c *Conn) logIn() *Error {
	for {
		a, err := c.begin(c.login.mechanisms[0])
		if err != nil {
			return c.loginError(err)
		}
		c.sayReset() // RFC 4954 section 4: not inside a transaction
		c.sayAuth(a)
		c.flush()
		if err := c.hearReset(); err != nil {
			return err
		}
		r, failed := c.exchange(a)
		if failed != nil {
			return failed
		}
		next, refused := c.judge(a, r)
		if refused != nil {
			next, refused = c.renew(refused)
		}
		if refused != nil || !next {
			return refused
		}
	}
}

// renew gets another secret in place of one that the server refused for good. Where
// there is none, the refusal stands.
func (c *Conn) renew(refused *Error) (again bool, _ *Error) {
	l := c.options.Login
	if l.Renew == nil || c.login.renewed || refused.Reply == nil || refused.Reply.Class() != reply.Permanent {
		return false, refused
	}
	c.login.renewed = true
	fresh, err := l.Renew(c.ctx, secret.New(c.login.secret))
	if err != nil {
		if e := c.withoutSecret(err); !e.Local {
			return false, e
		}
		refused.Err = err
		return false, refused
	}
	c.login.secret = fresh.Reveal()
	c.hidden.add(c.login.secret)
	return true, nil
}

// judge decides on the server's last word on an AUTH: whether another mechanism
// is worth a try, or what is wrong. The login is done when it says neither.
func (c *Conn) judge(a *attempt, r *reply.Reply) (next bool, failed *Error) {
	switch {
	case r.Class() == reply.Success:
		if err := sasl.Finish(a.mechanism); err != nil {
			c.fail(&Error{Phase: PhaseLogin, Err: err, Protocol: true})
			return false, c.dead
		}
		c.login.done, c.login.secret = true, ""
		return false, nil
	case r.Class() == reply.Intermediate:
		// The mechanism had said all in its initial response: what came behind it
		// in the group was taken for an answer.
		c.fail(&Error{Phase: PhaseLogin, Reply: r, Protocol: true, Pipelined: true, Err: errOutOfPlace})
		return false, c.dead
	case (r.Code == 504 || r.Code == 534) && len(c.login.mechanisms) > 1: // RFC 4954 sections 4 and 6
		c.login.mechanisms = c.login.mechanisms[1:]
		return true, nil
	}
	return false, &Error{Phase: PhaseLogin, Server: c.server(), Reply: r}
}

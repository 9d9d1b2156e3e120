package smtp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"mailchute/relay/reply"
	"mailchute/relay/sasl"
)

// attempt is one mechanism in use.
type attempt struct {
	mechanism sasl.Mechanism
	name      string
	initial   string // base64, "=" when it is empty
	late      bool   // initial waits for the first challenge
	none      bool   // there is no initial response
}

func (c *Conn) begin(name string) (*attempt, error) {
	m, err := sasl.New(name, sasl.Credentials{
		User: c.options.Login.User, Secret: c.login.secret, TLS: c.tls, Offered: c.extensions.Auth,
	})
	if err != nil {
		return nil, err
	}
	name, initial, err := m.Start()
	if err != nil {
		return nil, err
	}
	a := &attempt{mechanism: m, name: name, none: initial == nil, initial: encode(initial)}
	// RFC 4954 section 4: not if it makes the command too long.
	a.late = !a.none && len("AUTH  \r\n")+len(name)+len(a.initial) > maxCommand
	return a, nil
}

// encode is base64 as AUTH has it: "=" stands for nothing at all.
func encode(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}

// sayAuth adds the AUTH command to the flight.
func (c *Conn) sayAuth(a *attempt) {
	if a.none || a.late {
		c.say(stepAUTH, "AUTH ", a.name)
		return
	}
	c.hidden.add(a.initial)
	c.saySecret(stepAUTH, "AUTH "+a.name+" ", a.initial)
}

// exchange answers challenges until the server has decided. The reply is not a
// challenge.
func (c *Conn) exchange(a *attempt) (*reply.Reply, *Error) {
	for range maxSteps {
		r, err := c.hear()
		if err != nil || r.Class() != reply.Intermediate {
			return r, err
		}
		response, refused := a.answer(r)
		if refused != nil {
			return nil, c.cancel(refused)
		}
		c.hidden.add(response)
		c.saySecret(stepAUTH, "", response)
		c.flush()
	}
	c.fail(&Error{Phase: PhaseLogin, Protocol: true, Err: errors.New("the server never comes to an end with AUTH")})
	return nil, c.dead
}

// answer is the response to a challenge, in base64.
func (a *attempt) answer(r *reply.Reply) (string, error) {
	if a.late {
		a.late = false
		return a.limited(a.initial)
	}
	challenge, err := base64.StdEncoding.DecodeString(strings.Join(r.Lines, ""))
	if err != nil {
		return "", errors.New("the server sent a challenge that is not base64")
	}
	response, err := a.mechanism.Next(challenge)
	if err != nil {
		return "", err
	}
	if len(response) == 0 {
		return "", nil // an empty line; "=" is for the initial response only
	}
	return a.limited(encode(response))
}

func (a *attempt) limited(line string) (string, error) {
	if len(line)+len("\r\n") > maxResponse {
		return "", fmt.Errorf("%s: a response longer than the %d octets of RFC 4954", a.name, maxResponse)
	}
	return line, nil
}

// cancel ends the exchange from this side, RFC 4954 section 4.
func (c *Conn) cancel(why error) *Error {
	c.say(stepAUTH, "*")
	c.flush()
	_, _ = c.hear()
	return c.loginError(why)
}

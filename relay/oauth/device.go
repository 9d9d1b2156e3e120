package oauth

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"time"
)

// Prompt is what a person has to be told: where to go with which code, RFC 8628
// section 3.3. The texts are the server's, on one line.
type Prompt struct {
	Address  string // where the code is typed in
	Complete string // the same with the code in it; "" when the server has none
	Code     string
	Until    time.Time
}

// Limits of what a server may ask for when it is to be polled, RFC 8628 section
// 3.2: nobody waits for longer, and nothing is asked more often.
const (
	leastInterval = time.Second
	usualInterval = 5 * time.Second
	mostInterval  = time.Minute
	longestCode   = time.Hour
	maxPrompt     = 1000
)

const (
	askingForCode  = "asking for a code"
	waitingForCode = "waiting for the code to be typed in"
)

// DeviceLogin gets a token by device code, RFC 8628. show is called once, when the
// person has to be told; then the server is asked until that person has decided or
// the code has expired. Trouble with the network on the way is waited out. Errors
// are *Error.
func (c *Client) DeviceLogin(ctx context.Context, show func(Prompt)) (Token, error) {
	form, err := c.authenticated(ctx, url.Values{"scope": {c.Scope}})
	if err != nil {
		return Token{}, err
	}
	a, err := c.post(ctx, askingForCode, c.Device, form)
	if err != nil {
		return Token{}, err
	}
	p, err := prompt(a, c.now())
	if err != nil {
		return Token{}, &Error{Doing: askingForCode, Host: hostOf(c.Device), Err: err, Later: true}
	}
	show(p)
	return c.poll(ctx, a, p.Until)
}

// poll asks for the token until there is one, RFC 8628 sections 3.4 and 3.5.
func (c *Client) poll(ctx context.Context, a *answer, until time.Time) (Token, error) {
	var trouble *Error // why the last question had no answer; nil: it had one
	for pause := interval(a); ; {
		if err := c.sleep(ctx, pause); err != nil {
			return Token{}, &Error{Doing: waitingForCode, Text: "interrupted"}
		}
		if !c.now().Before(until) {
			return Token{}, expired(trouble)
		}
		granted, err := c.ask(ctx, waitingForCode, url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {a.DeviceCode},
		})
		var e *Error
		switch {
		case err == nil:
			return c.issued(waitingForCode, granted)
		case !errors.As(err, &e):
			return Token{}, err
		case e.Code == "authorization_pending":
			trouble = nil
		case e.Code == "slow_down": // for this and all that follow
			trouble, pause = nil, min(pause+5*time.Second, mostInterval)
		case e.Later: // half as often, as the RFC advises
			trouble, pause = e, min(2*pause, mostInterval)
		default:
			return Token{}, err
		}
	}
}

// expired is the end of a code that was not typed in, or that nobody could ask about.
func expired(trouble *Error) *Error {
	e := &Error{Doing: waitingForCode, Code: "expired_token", Text: "the code has expired"}
	if trouble != nil {
		last := *trouble
		last.Doing = "the last question"
		e.Err = &last
	}
	return e
}

// interval is how long to wait between two questions.
func interval(a *answer) time.Duration {
	return max(leastInterval, min(cmp.Or(time.Duration(a.Interval), usualInterval), mostInterval))
}

// prompt checks a server's answer, and bounds what it asks for.
func prompt(a *answer, now time.Time) (Prompt, error) {
	p := Prompt{Address: cmp.Or(a.Address, a.OldAddress), Complete: a.Complete, Code: a.UserCode}
	switch {
	case a.DeviceCode == "" || a.UserCode == "":
		return p, errors.New("the answer holds no code")
	case !isPage(p.Address):
		return p, errors.New("the answer does not say where to type the code in")
	case len(p.Code)+len(p.Address)+len(p.Complete) > maxPrompt:
		return p, errors.New("the answer is too long to be typed in")
	}
	if !isPage(p.Complete) {
		p.Complete = ""
	}
	p.Address, p.Complete, p.Code = clean(p.Address), clean(p.Complete), clean(p.Code)
	p.Until = now.Add(min(cmp.Or(time.Duration(a.ExpiresIn), longestCode), longestCode))
	return p, nil
}

// isPage tells whether a browser can be sent to an address.
func isPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

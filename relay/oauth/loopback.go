package oauth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strings"
	"time"
)

// Loopback is a login in a browser that is on its way, RFC 8252 section 7.3 with
// PKCE, RFC 7636. It is used once.
type Loopback struct {
	Address string // to be opened in a browser

	client          *Client
	redirect        string
	state, verifier string
	listener        net.Listener
	answers         chan url.Values
}

// longestLogin is how long a browser may take to come back.
const longestLogin = 15 * time.Minute

// NewLoopback listens on a port of this machine and makes the address to open. The
// user, if it is not "", is proposed to the server. Close ends it. Errors are
// *Error.
func (c *Client) NewLoopback(user string) (*Loopback, error) {
	const doing = "listening for the browser"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, &Error{Doing: doing, Err: err, Later: true}
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	b := &Loopback{
		client: c, redirect: c.loopback(port), state: rand.Text(), verifier: rand.Text() + rand.Text(), // 52 characters; RFC 7636 section 4.1 wants 43
		listener: l, answers: make(chan url.Values, 1),
	}
	address, err := url.Parse(c.Authorization)
	if err != nil {
		b.Close()
		return nil, &Error{Doing: doing, Text: "the authorization endpoint is no address"}
	}
	address.RawQuery = b.question(address.Query(), user).Encode()
	b.Address = address.String()
	go b.listen()
	return b, nil
}

// question is the query of the address to open, RFC 6749 section 4.1.1 and RFC 7636
// section 4.3. What the endpoint's own address has stays.
func (b *Loopback) question(q url.Values, user string) url.Values {
	challenge := sha256.Sum256([]byte(b.verifier))
	q.Set("response_type", "code")
	q.Set("client_id", b.client.ID)
	q.Set("redirect_uri", b.redirect)
	q.Set("scope", b.client.Scope)
	q.Set("state", b.state)
	q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
	q.Set("code_challenge_method", "S256")
	if user != "" {
		q.Set("login_hint", user)
	}
	return q
}

// Close ends the login.
func (b *Loopback) Close() { _ = b.listener.Close() }

// Wait waits for the browser, or for what Paste is given, and gets the token.
// Errors are *Error.
func (b *Loopback) Wait(ctx context.Context) (Token, error) {
	const waiting = "waiting for the browser"
	defer b.Close()
	ctx, cancel := context.WithTimeout(ctx, longestLogin)
	defer cancel()
	var answer url.Values
	select {
	case answer = <-b.answers:
	case <-ctx.Done():
		return Token{}, &Error{Doing: waiting, Text: "nobody came"}
	}
	b.Close()
	if code := answer.Get("error"); code != "" {
		return Token{}, &Error{Doing: waiting, Host: hostOf(b.client.Authorization), Code: code, Text: answer.Get("error_description")}
	}
	return b.client.grant(ctx, "exchanging the code", url.Values{ // RFC 6749 section 4.1.3
		"grant_type": {"authorization_code"}, "code": {answer.Get("code")},
		"redirect_uri": {b.redirect}, "code_verifier": {b.verifier},
	})
}

// Paste takes the address that the browser was sent to, where it could not get
// there: it ran on another machine. An error says why the wait goes on.
func (b *Loopback) Paste(address string) error {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return errors.New("that is no address") // what err says may hold the code
	}
	return b.take(u.Query())
}

// check tells why an answer is not for this login: whoever does not know the state
// has not been sent by the server, RFC 6749 section 10.12.
func (b *Loopback) check(answer url.Values) error {
	if subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(b.state)) != 1 {
		return errors.New("that does not belong to this login")
	}
	if answer.Get("code") == "" && answer.Get("error") == "" {
		return errors.New("there is no code in it")
	}
	return nil
}

// take hands the first good answer to Wait.
func (b *Loopback) take(answer url.Values) error {
	if err := b.check(answer); err != nil {
		return err
	}
	select {
	case b.answers <- answer:
		return nil
	default:
		return errors.New("there was an answer already")
	}
}

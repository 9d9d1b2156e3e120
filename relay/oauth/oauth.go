// Package oauth gets the access tokens that OAUTHBEARER and XOAUTH2 log in with,
// and keeps them good.
//
// There are two times. Once, a person lets this program send mail: by a code that
// is typed in on any device (DeviceLogin, RFC 8628), or in a browser that is sent
// back to this machine (Loopback, RFC 8252 with PKCE, RFC 7636). What comes of it
// is a refresh token, which a Store keeps. From then on, before each login to a
// smarthost, a Source gives an access token, and gets a new one in time (RFC 6749
// section 6).
//
// What it promises: tokens, codes and verifiers travel over verified TLS or
// loopback only, and only to the endpoints that they are for; none of them is in
// an error. Of many processes that want a new token one asks for it. A refresh
// token that the server exchanged for another is on disk before the new access
// token is used.
//
// The protocol is a few forms that are posted and a few words of JSON that come
// back. golang.org/x/oauth2 would do that too, but over net/http, which costs every
// start of the program.
package oauth

import (
	"context"
	"net"
	"net/url"
	"time"

	"mailchute/relay/secret"
)

// Client is this program as an authorization server knows it, and the server's
// endpoints.
type Client struct {
	Endpoints
	ID     string
	Secret secret.Source // the zero one: a public client, RFC 6749 section 2.1
	Scope  string        // names parted by blanks

	// Dial makes the connections to the endpoints; nil is a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	Now   func() time.Time                                 // nil: time.Now
	Sleep func(ctx context.Context, d time.Duration) error // nil: waits; an error ends the wait for good
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// authenticated is a form that says which client it is from, RFC 6749 section
// 2.3.1.
func (c *Client) authenticated(ctx context.Context, form url.Values) (url.Values, error) {
	form.Set("client_id", c.ID)
	if !c.Secret.IsZero() {
		s, err := c.Secret.Read(ctx)
		if err != nil {
			return nil, &Error{Doing: "reading the client secret", Err: err}
		}
		form.Set("client_secret", s.Reveal())
	}
	return form, nil
}

// refresh exchanges a refresh token, RFC 6749 section 6. Where the server gives no
// new one, the old one stays.
func (c *Client) refresh(ctx context.Context, old secret.Secret) (Token, error) {
	t, err := c.grant(ctx, "renewing the token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.Reveal()}})
	if err == nil && t.Refresh.IsZero() {
		t.Refresh = old
	}
	return t, err
}

// grant asks the token endpoint for a token.
func (c *Client) grant(ctx context.Context, doing string, form url.Values) (Token, error) {
	a, err := c.ask(ctx, doing, form)
	if err != nil {
		return Token{}, err
	}
	return c.issued(doing, a)
}

// ask is the token endpoint's answer that grants what the form asks for. A code is
// used up then, whatever the answer holds.
func (c *Client) ask(ctx context.Context, doing string, form url.Values) (*answer, error) {
	form, err := c.authenticated(ctx, form)
	if err != nil {
		return nil, err
	}
	return c.post(ctx, doing, c.Token, form)
}

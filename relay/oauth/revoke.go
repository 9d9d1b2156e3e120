package oauth

import (
	"context"
	"net/url"
	"strconv"

	"mailchute/relay/cause"
)

// Revoke tells the server that a token is not needed any more, RFC 7009. revoked is
// false where the server has no endpoint for it. Errors are *Error.
func (c *Client) Revoke(ctx context.Context, t Token) (revoked bool, err error) {
	const doing = "giving the token back"
	kind, token := "refresh_token", t.Refresh
	if token.IsZero() {
		kind, token = "access_token", t.Access
	}
	if c.Revocation == "" || token.IsZero() {
		return false, nil
	}
	form, err := c.authenticated(ctx, url.Values{"token": {token.Reveal()}, "token_type_hint": {kind}})
	if err != nil {
		return false, err
	}
	got, err := c.send(ctx, c.Revocation, form) // RFC 7009 section 2.2: the status says it all
	switch {
	case err != nil:
		return false, &Error{Doing: doing, Host: hostOf(c.Revocation), Err: cause.Of(err), Later: true}
	case got.Status != 200:
		return false, &Error{Doing: doing, Host: hostOf(c.Revocation), Text: "HTTP status " + strconv.Itoa(got.Status)}
	}
	return true, nil
}

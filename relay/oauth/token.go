package oauth

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"mailchute/relay/secret"
)

// Token is what an authorization server gave.
type Token struct {
	Access  secret.Secret
	Refresh secret.Secret // the zero one: the access token cannot be renewed
	Expiry  time.Time     // of the access token; the zero time: the server did not say
	Renewed time.Time     // when the access token was issued

	// Whose it is and who may use it: a refresh token is shown to no server but the
	// one that made it.
	User, ClientID, Endpoint string
}

// margin is how long before its end an access token is not used any more: the
// clocks of two machines differ, and a login takes its time.
const margin = 2 * time.Minute

// Usable tells whether the access token can be expected to work at a time.
func (t *Token) Usable(now time.Time) bool {
	return !t.Access.IsZero() && (t.Expiry.IsZero() || now.Add(margin).Before(t.Expiry))
}

// limits of what is taken for a token: both travel in lines of 12288 octets, RFC
// 4954 section 4.
const maxToken = 8 << 10

// issued is what the token endpoint gave, if it is a token that a login can use.
func (c *Client) issued(doing string, a *answer) (Token, error) {
	e := &Error{Doing: doing, Host: hostOf(c.Token), Later: true}
	now := c.now().UTC().Truncate(time.Second)
	switch {
	case a.AccessToken == "":
		e.Text = "the answer holds no token"
	case !strings.EqualFold(cmp.Or(a.TokenType, "Bearer"), "Bearer"): // RFC 6749 section 7.1: not to be used then
		e.Text = "the server gave a token of a type that mail does not know"
	case !isToken(a.AccessToken) || a.RefreshToken != "" && !isToken(a.RefreshToken):
		e.Text = "the server gave a token that no server could take"
	default:
		t := Token{Access: secret.New(a.AccessToken), Refresh: secret.New(a.RefreshToken), Renewed: now, ClientID: c.ID, Endpoint: c.Token}
		if a.ExpiresIn > 0 {
			t.Expiry = now.Add(time.Duration(a.ExpiresIn))
		}
		return t, nil
	}
	return Token{}, e
}

// isToken tells whether a token has the form of RFC 6749 appendices A.12 and A.17:
// visible US-ASCII.
func isToken(s string) bool {
	return s != "" && len(s) <= maxToken && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// stored is a token as a Store keeps it: one line of JSON.
type stored struct {
	Access   string    `json:"access_token,omitempty"`
	Refresh  string    `json:"refresh_token,omitempty"`
	Expiry   time.Time `json:"expiry,omitzero"`
	Renewed  time.Time `json:"renewed,omitzero"`
	User     string    `json:"user,omitempty"`
	ClientID string    `json:"client_id,omitempty"`
	Endpoint string    `json:"token_endpoint,omitempty"`
}

// encode is the line of a token, line end included.
func (t *Token) encode() []byte {
	line, err := json.Marshal(stored{t.Access.Reveal(), t.Refresh.Reveal(), t.Expiry, t.Renewed, t.User, t.ClientID, t.Endpoint})
	if err != nil {
		panic(err) // strings and times in years of four digits: it cannot be
	}
	return append(line, '\n')
}

var errNotOurs = errors.New("it does not hold a token of this program")

// byHand reads a refresh token alone: what somebody put into a key ring. It does
// not say whose it is, and nearly every line of text has its form: a file, whose
// name may lead to anything, is never read in this way.
func byHand(line string) (Token, bool) {
	line = strings.TrimSpace(line)
	if !isToken(line) || strings.ContainsAny(line[:1], "{[") {
		return Token{}, false
	}
	return Token{Refresh: secret.New(line)}, true
}

// decode reads a line that encode has written.
func decode(line string) (Token, error) {
	var s stored
	if err := json.Unmarshal([]byte(line), &s); err != nil { // its words may quote the text
		return Token{}, errNotOurs
	}
	if s.Access != "" && !isToken(s.Access) || s.Refresh != "" && !isToken(s.Refresh) || s.Access+s.Refresh == "" {
		return Token{}, errNotOurs
	}
	return Token{secret.New(s.Access), secret.New(s.Refresh), s.Expiry, s.Renewed, s.User, s.ClientID, s.Endpoint}, nil
}

package oauth

import (
	"context"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mailchute/relay/cause"
	"mailchute/relay/web"
)

// requestTime is how long an endpoint may take for one answer; maxAnswer how many
// octets it may have.
const (
	requestTime = 30 * time.Second
	maxAnswer   = 64 << 10
)

// answer is what the endpoints say, in JSON: a token (RFC 6749 section 5.1), an
// error (section 5.2), a device code (RFC 8628 section 3.2).
type answer struct {
	AccessToken  string  `json:"access_token"`
	TokenType    string  `json:"token_type"`
	RefreshToken string  `json:"refresh_token"`
	ExpiresIn    seconds `json:"expires_in"`

	Error       string `json:"error"`
	Description string `json:"error_description"`

	DeviceCode string  `json:"device_code"`
	UserCode   string  `json:"user_code"`
	Address    string  `json:"verification_uri"`
	OldAddress string  `json:"verification_url"` // of drafts
	Complete   string  `json:"verification_uri_complete"`
	Interval   seconds `json:"interval"`
}

// seconds is a number of them. Some servers write it as a string; one that makes no
// sense is as good as none.
type seconds time.Duration

func (s *seconds) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err == nil && n > 0 && n < math.MaxInt32 {
		*s = seconds(n * float64(time.Second))
	}
	return nil
}

// post posts a form to an endpoint. The secrets in the form are in no error, should
// the server say them back.
func (c *Client) post(ctx context.Context, doing, address string, form url.Values) (*answer, error) {
	e := &Error{Doing: doing, Host: hostOf(address)}
	got, err := c.send(ctx, address, form)
	if err != nil {
		e.Err, e.Later = cause.Of(err), true
		return nil, e
	}
	a := &answer{}
	sensible := json.Unmarshal(got.Body, a) == nil
	if sensible && a.Error == "" && got.Status/100 == 2 {
		return a, nil
	}
	if !sensible {
		*a = answer{}
	}
	e.refused(got.Status, a.Error, a.Description)
	for _, key := range [...]string{"refresh_token", "code", "code_verifier", "device_code", "client_secret"} {
		e.Code, e.Text = hide(e.Code, form.Get(key)), hide(e.Text, form.Get(key))
	}
	return nil, e
}

// send is the exchange itself.
func (c *Client) send(ctx context.Context, address string, form url.Values) (*web.Answer, error) {
	client := web.Client{Dial: c.Dial, Timeout: requestTime}
	return client.Do(ctx, web.Request{
		Method: "POST", Address: address, Limit: maxAnswer, Body: []byte(form.Encode()),
		Header: []string{"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
	})
}

// hide takes a secret out of a text. What is very short is part of too many words,
// and hides nothing.
func hide(text, secret string) string {
	if len(secret) < 4 {
		return text
	}
	return strings.ReplaceAll(text, secret, "[secret]")
}

package oauth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const pending = `400 {"error":"authorization_pending"}`

func TestDeviceLogin(t *testing.T) {
	s := func(n ...int) (all []time.Duration) {
		for _, n := range n {
			all = append(all, time.Duration(n)*time.Second)
		}
		return all
	}
	for _, tt := range []struct {
		name    string
		device  string // "": as usual
		answers []string
		slept   []time.Duration // nil: not looked at
		err     string
		later   bool
	}{
		{name: "the person is quick", slept: s(5)},
		{name: "the person takes time", answers: []string{pending, pending}, slept: s(5, 5, 5)},
		{name: "the server wants to be asked less often", answers: []string{`400 {"error":"slow_down"}`, pending, `400 {"error":"slow_down"}`}, slept: s(5, 10, 10, 15)},
		{name: "the network is away for a while", answers: []string{"drop", pending, "drop"}, slept: s(5, 10, 10, 20)},
		{name: "the server is ill for a while", answers: []string{"503 <html>busy</html>"}, slept: s(5, 10)},
		{name: "the person says no", answers: []string{pending, `400 {"error":"access_denied","error_description":"no"}`}, err: "access_denied: no"},
		{name: "the code expires at the server", answers: []string{`400 {"error":"expired_token"}`}, err: "expired_token"},
		{name: "the code expires here", answers: slices.Repeat([]string{pending}, 500), err: "expired_token: the code has expired"},
		{name: "nobody answers to the end", answers: slices.Repeat([]string{"503 busy"}, 500), err: "expired_token: the code has expired: the last question at 127.0.0.1: HTTP status 503"},
		{name: "a token of a type that mail does not know is the end", answers: []string{pending, `200 {"access_token":"t","token_type":"mac"}`, `400 {"error":"invalid_grant"}`}, slept: s(5, 5), err: "a type that mail does not know", later: true},
		{name: "a token that no server could take is the end", answers: []string{`200 {"access_token":"a\r\nb"}`, `400 {"error":"invalid_grant"}`}, slept: s(5), err: "a token that no server could take", later: true},
		{name: "an answer without a token is the end", answers: []string{`200 {}`, `400 {"error":"invalid_grant"}`}, slept: s(5), err: "holds no token", later: true},
		{name: "the client is unknown", answers: []string{`401 {"error":"invalid_client"}`}, err: "invalid_client"},
		{name: "no interval", device: `200 {"device_code":"d","user_code":"u","verification_uri":"https://x/","expires_in":9}`, slept: s(5)},
		{name: "a negative interval", device: `200 {"device_code":"d","user_code":"u","verification_uri":"https://x/","interval":-7}`, slept: s(5)},
		{name: "an interval of ages", device: `200 {"device_code":"d","user_code":"u","verification_uri":"https://x/","interval":1e300,"expires_in":1e300}`, slept: s(5)},
		{name: "an interval of a day", device: `200 {"device_code":"d","user_code":"u","verification_uri":"https://x/","interval":86400,"expires_in":999999}`, slept: s(60)},
		{name: "an interval in words", device: `200 {"device_code":"d","user_code":"u","verification_uri":"https://x/","interval":"soon"}`, slept: s(5)},
		{name: "the old name of the address", device: `200 {"device_code":"d","user_code":"u","verification_url":"https://x/"}`, slept: s(5)},
		{name: "no device code", device: `200 {"user_code":"u","verification_uri":"https://x/"}`, err: "holds no code", later: true},
		{name: "nowhere to go", device: `200 {"device_code":"d","user_code":"u","verification_uri":"javascript:x"}`, err: "does not say where", later: true},
		{name: "too long to type", device: `200 {"device_code":"d","user_code":"` + strings.Repeat("u", 2000) + `","verification_uri":"https://x/"}`, err: "too long", later: true},
		{name: "a scope that is not for devices", device: `400 {"error":"invalid_scope"}`, err: "asking for a code at 127.0.0.1: invalid_scope"},
		{name: "a redirect", device: "307 ", err: "makes no sense (HTTP status 307)", later: true},
		{name: "a page", device: "200 <html>", err: "makes no sense", later: true},
		{name: "nothing", device: "drop", err: "asking for a code", later: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAuthority(t)
			if a.Answers = tt.answers; tt.device != "" {
				a.Device = tt.device
			}
			c, shown := a.client(), 0
			token, err := c.DeviceLogin(t.Context(), func(p Prompt) {
				if shown++; p.Address == "" || p.Code == "" || p.Until.After(a.now.Add(time.Hour)) {
					t.Errorf("%+v", p)
				}
			})
			hushed(t, err)
			var e *Error
			switch {
			case tt.err != "":
				if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.err) || e.Later != tt.later {
					t.Errorf("%v (later: %v), want %q", err, e != nil && e.Later, tt.err)
				}
			case err != nil:
				t.Fatal(err)
			case token.Access.Reveal() != "access-canary-1" || token.Refresh.Reveal() != "refresh-canary-1" || shown != 1:
				t.Errorf("%q %q, shown %d times", token.Access.Reveal(), token.Refresh.Reveal(), shown)
			}
			if tt.slept != nil && !slices.Equal(a.slept, tt.slept) {
				t.Errorf("waited %v, want %v", a.slept, tt.slept)
			}
		})
	}
}

func TestWhatADeviceLoginSays(t *testing.T) {
	a := newAuthority(t)
	c := a.client()
	if _, err := c.DeviceLogin(t.Context(), func(Prompt) {}); err != nil {
		t.Fatal(err)
	}
	const want = "[map[client_id:[client] client_secret:[client-secret-canary] scope:[mail more]] " +
		"map[client_id:[client] client_secret:[client-secret-canary] device_code:[device-canary] grant_type:[urn:ietf:params:oauth:grant-type:device_code]]]"
	if got := fmt.Sprint(a.Forms()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAPromptIsOneLineOfWhatCanBePrinted(t *testing.T) {
	a := newAuthority(t)
	a.Device = `200 {"device_code":"d","user_code":"A\u001b[31mB\nC","verification_uri":"https://x/\u009b"}`
	c := a.client()
	var got Prompt
	_, err := c.DeviceLogin(t.Context(), func(p Prompt) { got = p })
	if err != nil || got.Code != "A [31mB C" || got.Address != "https://x/ " {
		t.Errorf("%+v, %v", got, err)
	}
}

package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailchute/relay/oauth/oauthtest"
	"mailchute/relay/secret"
)

// authority is an authorization server and a clock for its client.
type authority struct {
	*oauthtest.Server
	t     *testing.T
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newAuthority(t *testing.T) *authority {
	a := &authority{Server: oauthtest.New(), t: t, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	t.Cleanup(a.Close)
	return a
}

func (a *authority) clock() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}

// sleep lets time pass at once.
func (a *authority) sleep(ctx context.Context, d time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slept = append(a.slept, d)
	a.now = a.now.Add(d)
	return ctx.Err()
}

func (a *authority) client() Client {
	return Client{
		Endpoints: Endpoints{Authorization: a.URL + "/auth?own=1", Token: a.URL + "/token", Device: a.URL + "/device", Revocation: a.URL + "/revoke"},
		ID:        "client", Secret: secret.Source{Text: "client-secret-canary"}, Scope: "mail more", Now: a.clock, Sleep: a.sleep,
	}
}

// source is a source whose store has a token that expires in that time.
func (a *authority) source(left time.Duration) *Source {
	a.t.Helper()
	s := &Source{Client: a.client(), Store: Store{File: filepath.Join(a.t.TempDir(), "oauth", "me.json")}, User: "me"}
	t := Token{Access: secret.New("access-canary-0"), Refresh: secret.New(a.Refresh()), Expiry: a.now.Add(left), Renewed: a.now.Add(-time.Hour),
		User: "me", ClientID: "client", Endpoint: s.Client.Token}
	if err := s.Store.Write(a.t.Context(), t); err != nil {
		a.t.Fatal(err)
	}
	return s
}

// challenge is the S256 of RFC 7636 section 4.2.
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// hushed fails when an error shows what must not be shown.
func hushed(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "canary") || strings.ContainsAny(err.Error(), "\r\n\x1b\x00")) {
		t.Errorf("shown: %q", err)
	}
}

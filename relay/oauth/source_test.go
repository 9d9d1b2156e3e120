package oauth

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAUsableTokenIsGivenWithoutAsking(t *testing.T) {
	a := newAuthority(t)
	s := a.source(margin + time.Second)
	for range 3 {
		if got, err := s.Token(t.Context()); err != nil || got.Reveal() != "access-canary-0" {
			t.Errorf("%q, %v", got.Reveal(), err)
		}
	}
	if n := a.Grants(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestATokenThatEndsSoonIsRenewedOnceAndKept(t *testing.T) {
	for _, rotates := range []bool{false, true} {
		a := newAuthority(t)
		a.Rotates = rotates
		s := a.source(margin)
		for range 3 {
			if got, err := s.Token(t.Context()); err != nil || got.Reveal() != "access-canary-1" {
				t.Fatalf("%q, %v", got.Reveal(), err)
			}
		}
		if n := a.Grants(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		kept, err := s.Store.Read(t.Context())
		if err != nil || kept.Access.Reveal() != "access-canary-1" || kept.Refresh.Reveal() != a.Refresh() || !kept.Expiry.Equal(a.now.Add(time.Hour)) || kept.User != "me" {
			t.Errorf("kept %+v, %v", kept, err)
		}
		// Once more, by another process, an hour later.
		a.now = a.now.Add(time.Hour)
		other := &Source{Client: s.Client, Store: s.Store, User: "me"}
		if got, err := other.Token(t.Context()); err != nil || got.Reveal() != "access-canary-2" {
			t.Errorf("%q, %v", got.Reveal(), err)
		}
	}
}

func TestATokenWithoutAnEndIsGivenUntilItIsRefused(t *testing.T) {
	a := newAuthority(t)
	a.Lifetime = 0
	s := a.source(0)
	if _, err := s.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.now = a.now.Add(1000 * time.Hour)
	got, err := s.Token(t.Context())
	if err != nil || got.Reveal() != "access-canary-1" || a.Grants() != 1 {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	if got, err = s.Renew(t.Context(), got); err != nil || got.Reveal() != "access-canary-2" {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
}

func TestOfManyWhoWantANewTokenOneAsks(t *testing.T) {
	a := newAuthority(t)
	a.Rotates = true // a second request would be refused
	first := a.source(0)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			s := &Source{Client: first.Client, Store: first.Store, User: "me"} // as in a process of its own
			if got, err := s.Token(t.Context()); err != nil || got.Reveal() != "access-canary-1" {
				t.Errorf("%q, %v", got.Reveal(), err)
			}
		})
	}
	all.Wait()
	if n := a.Grants(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestARefusedTokenIsRenewed(t *testing.T) {
	a := newAuthority(t)
	s := a.source(time.Hour)
	old, err := s.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Renew(t.Context(), old)
	if err != nil || got.Reveal() != "access-canary-1" {
		t.Fatalf("%q, %v", got.Reveal(), err)
	}
	// Another process was refused the old one too.
	other := &Source{Client: s.Client, Store: s.Store, User: "me"}
	if got, err := other.Renew(t.Context(), old); err != nil || got.Reveal() != "access-canary-1" || a.Grants() != 1 {
		t.Errorf("%q, %v, asked %d times", got.Reveal(), err, a.Grants())
	}
	// One that is new is not renewed again: the server refuses something else.
	if _, err := s.Renew(t.Context(), got); err == nil || !strings.Contains(err.Error(), "it is new") || a.Grants() != 1 {
		t.Errorf("%v, asked %d times", err, a.Grants())
	}
}

func TestWhyThereIsNoToken(t *testing.T) {
	for _, tt := range []struct {
		name, answer, err string
		login, later      bool
	}{
		{"the permission was taken back", `400 {"error":"invalid_grant","error_description":"refresh-canary-0 of client-secret-canary \u001b[31mis\r\nrevoked"}`, "renewing the token at 127.0.0.1: invalid_grant: [secret] of [secret]  [31mis  revoked", true, false},
		{"the user has to consent again", `400 {"error":"interaction_required"}`, "interaction_required", true, false},
		{"the client is unknown", `401 {"error":"invalid_client"}`, "renewing the token at 127.0.0.1: invalid_client", false, false},
		{"the server is down", `503 upstream refresh-canary-0`, "HTTP status 503", false, true},
		{"the server says so itself", `400 {"error":"temporarily_unavailable"}`, "temporarily_unavailable", false, true},
		{"too many requests", `429 {"error":"x"}`, ": x", false, true},
		{"the connection is lost", "drop", "renewing the token at 127.0.0.1: the server closed the connection", false, true},
		{"a redirect", "302 ", "makes no sense (HTTP status 302)", false, true},
		{"a page of a hotel", "200 <html>refresh-canary-0", "makes no sense (HTTP status 200)", false, true},
		{"an error with status 200", `200 {"error":"invalid_grant"}`, "invalid_grant", true, false},
		{"no token", `200 {}`, "holds no token", false, true},
		{"a list", `200 []`, "makes no sense", false, true},
		{"a number for a token", `200 {"access_token":7}`, "makes no sense", false, true},
		{"a token of another type", `200 {"access_token":"access-canary","token_type":"mac"}`, "of a type", false, true},
		{"a token with a line end", `200 {"access_token":"access-canary\r\nQUIT"}`, "no server could take", false, true},
		{"a token with a blank", `200 {"access_token":"access canary"}`, "no server could take", false, true},
		{"a token without an end", `200 {"access_token":"` + strings.Repeat("canary", 5000) + `"}`, "no server could take", false, true},
		{"a refresh token with a NUL", `200 {"access_token":"a","refresh_token":"canary\u0000"}`, "no server could take", false, true},
		{"an answer without an end", `200 {"access_token":"` + strings.Repeat("canary", 50000) + `"}`, "longer than 65536 octets", false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAuthority(t)
			s := a.source(0)
			a.Answers = []string{tt.answer}
			got, err := s.Token(t.Context())
			hushed(t, err)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.err) || e.Login != tt.login || e.Temporary() != tt.later || !got.IsZero() {
				t.Errorf("%v (%+v), want %q", err, e, tt.err)
			}
			if kept, err := s.Store.Read(t.Context()); err != nil || kept.Refresh.Reveal() != "refresh-canary-0" {
				t.Errorf("kept %q, %v", kept.Refresh.Reveal(), err)
			}
			if left, _ := filepath.Glob(s.Store.File + ".new"); left != nil {
				t.Errorf("left %q", left)
			}
		})
	}
}

func TestATokenIsShownToNoOtherServer(t *testing.T) {
	for what, change := range map[string]func(*Source){
		"token endpoint": func(s *Source) { s.Client.Token = s.Client.Revocation },
		"client id":      func(s *Source) { s.Client.ID = "other" },
		"user":           func(s *Source) { s.User = "you" },
	} {
		a := newAuthority(t)
		s := a.source(0)
		change(s)
		var e *Error
		if _, err := s.Token(t.Context()); !errors.As(err, &e) || !e.Login || !strings.Contains(err.Error(), "is for another "+what) {
			t.Errorf("%s: %v", what, err)
		}
		if len(a.Forms()) > 0 {
			t.Errorf("%s: it was sent", what)
		}
	}
}

func TestNobodyHasLoggedIn(t *testing.T) {
	a := newAuthority(t)
	s := a.source(0)
	if err := s.Store.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := s.Token(t.Context()); !errors.As(err, &e) || !e.Login || err.Error() != "reading the token: nobody has logged in yet" {
		t.Errorf("got %v", err)
	}
}

func mustBeTemporary(t *testing.T, s *Source) {
	t.Helper()
	var e *Error
	if _, err := s.Token(t.Context()); !errors.As(err, &e) || !e.Later {
		t.Errorf("got %v", err)
	}
}

package oauth

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"mailchute/relay/secret"
)

// Source gives the access tokens of one user. It may be used by many at once, in
// many processes.
type Source struct {
	Client Client
	Store  Store
	User   string

	// Hold, if there is one, is called before a token is exchanged, and what it gives
	// when the new one is kept: in between, a signal must not end the process. The
	// server may have made the old token worthless already.
	Hold func() (release func())

	// Unkept, if there is one, is told why a new refresh token could not be kept.
	// It serves this Source all the same, which tries to keep it at each later call.
	Unkept func(error)

	mu     sync.Mutex
	last   Token         // the one that was given out last
	unkept secret.Secret // what the store has in place of last, the zero one: last itself
}

// ErrNone means that there is no token.
var ErrNone = errors.New("nobody has logged in yet")

// soon is how young a token is that it makes no sense to renew when a server
// refuses it: then something else is wrong.
const soon = time.Minute

// Token is an access token that can be expected to work. Errors are *Error.
func (s *Source) Token(ctx context.Context) (secret.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepAgain(ctx)
	if s.last.Usable(s.now()) {
		return s.last.Access, nil
	}
	t, err := s.current(ctx)
	if err == nil && !t.Usable(s.now()) {
		t, err = s.renew(ctx, t.Access)
	}
	if err != nil {
		return secret.Secret{}, err
	}
	s.last = t
	return t.Access, nil
}

// Renew is an access token to take the place of one that a server refused, however
// fresh it looked. Errors are *Error.
func (s *Source) Renew(ctx context.Context, refused secret.Secret) (secret.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.renew(ctx, refused)
	if err != nil {
		return secret.Secret{}, err
	}
	s.last = t
	return t.Access, nil
}

func (s *Source) now() time.Time { return s.Client.now() }

// Stored is the token as it is kept, used or not. Errors are *Error.
func (s *Source) Stored(ctx context.Context) (Token, error) { return s.read(ctx) }

// read takes the token from the store. It has to be this user's, from this server.
func (s *Source) read(ctx context.Context) (Token, error) {
	const doing = "reading the token"
	t, err := s.Store.Read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Token{}, &Error{Doing: doing, Err: ErrNone, Login: true}
	case errors.Is(err, errNotOurs):
		return Token{}, &Error{Doing: doing, Err: err, Login: true}
	case err != nil:
		return Token{}, &Error{Doing: doing, Err: err}
	}
	for _, is := range []struct{ stored, wanted, what string }{
		{t.Endpoint, s.Client.Token, "token endpoint"}, {t.ClientID, s.Client.ID, "client id"}, {t.User, s.User, "user"},
	} {
		if is.stored != "" && is.stored != is.wanted {
			return Token{}, &Error{Doing: doing, Text: "the token in " + s.Store.String() + " is for another " + is.what, Login: true}
		}
	}
	t.Endpoint, t.ClientID, t.User = s.Client.Token, s.Client.ID, s.User
	return t, nil
}

// renew gets a token that is not old, unless another process has one by now. The
// place for it is made before the server is asked.
func (s *Source) renew(ctx context.Context, old secret.Secret) (t Token, err error) {
	failed := s.Store.locked(ctx, func() error {
		if t, err = s.current(ctx); err != nil {
			return err
		}
		if t.Usable(s.now()) && t.Access.Reveal() != old.Reveal() {
			return nil
		}
		t, err = s.exchange(ctx, t)
		return err
	})
	var e *Error
	if failed != nil && !errors.As(failed, &e) {
		failed = &Error{Doing: "renewing the token", Err: failed, Later: true}
	}
	return t, failed
}

// exchange makes a new token of an old one and keeps it. The caller holds the lock.
func (s *Source) exchange(ctx context.Context, old Token) (Token, error) {
	e := &Error{Doing: "renewing the token"}
	switch {
	case old.Refresh.IsZero():
		e.Text, e.Login = "the server gave none to renew it with", true
		return Token{}, e
	case old.Usable(s.now()) && s.now().Sub(old.Renewed).Abs() < soon:
		e.Text = "it is new, so something else is wrong"
		return Token{}, e
	}
	place, err := s.Store.reserve()
	if err != nil {
		e.Err, e.Later = err, true
		return Token{}, e
	}
	if s.Hold != nil {
		defer s.Hold()()
	}
	// From here on the new token exists here alone, or on its way here: a caller who
	// loses patience must not cost the user another login.
	ctx = context.WithoutCancel(ctx)
	fresh, err := s.request(ctx, old.Refresh)
	if err != nil {
		place.discard()
		return Token{}, err
	}
	fresh.User = s.User
	s.keep(ctx, place, fresh, old.Refresh)
	return fresh, nil
}

// request asks for a new token, in the time that an endpoint has.
func (s *Source) request(ctx context.Context, refresh secret.Secret) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	return s.Client.refresh(ctx, refresh)
}

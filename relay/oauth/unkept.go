package oauth

import (
	"context"
	"errors"

	"mailchute/relay/secret"
)

// keep puts a fresh token into its place. Where that fails, the token still serves
// this Source: thrown away, it would serve nobody, as the server may take the old
// one no more. One that came with no new refresh token can be had again, and is
// nothing to be told of.
func (s *Source) keep(ctx context.Context, p *place, fresh Token, old secret.Secret) {
	s.last = fresh
	err := p.keep(ctx, fresh)
	switch {
	case err == nil:
		s.unkept = secret.Secret{}
		return
	case fresh.Refresh.Reveal() == old.Reveal():
		return
	case s.unkept.IsZero(): // else the store has what it had before
		s.unkept = old
	}
	if s.Unkept != nil {
		s.Unkept(&Error{Doing: "keeping the new token", Err: err, Later: true})
	}
}

// current is the token to go on with: the stored one, unless that is the one that
// was exchanged for a token that could not be kept, or cannot be read for now.
func (s *Source) current(ctx context.Context) (Token, error) {
	t, err := s.read(ctx)
	if s.unkept.IsZero() {
		return t, err
	}
	var e *Error
	if errors.As(err, &e) && !e.Login || err == nil && t.Refresh.Reveal() == s.unkept.Reveal() {
		return s.last, nil
	}
	s.unkept = secret.Secret{} // somebody has logged in or out since
	return t, err
}

// keepAgain tries to keep what could not be kept before. Whether it can was told
// already.
func (s *Source) keepAgain(ctx context.Context) {
	if s.unkept.IsZero() {
		return
	}
	_ = s.Store.locked(ctx, func() error {
		if _, err := s.current(ctx); err != nil || s.unkept.IsZero() {
			return err
		}
		return s.save(ctx)
	})
}

// save puts the last token into the store. The caller holds the lock.
func (s *Source) save(ctx context.Context) error {
	p, err := s.Store.reserve()
	if err != nil {
		return err
	}
	if err := p.keep(ctx, s.last); err != nil {
		return err
	}
	s.unkept = secret.Secret{}
	return nil
}

package oauth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mailchute/relay/durable"
	"mailchute/relay/secret"
)

// Store keeps one token, in a file or by commands. The zero Store keeps nothing.
type Store struct {
	File string // absolute path; with commands it is not there, but its name is the lock's

	// Load prints what Save was given on its standard input: one line. Both are set
	// or none; they are run by /bin/sh -c.
	Load, Save string
}

// lockWait is how long a process waits for another to renew the token: as long as
// that may take, and a little more.
const lockWait = requestTime + 15*time.Second

// maxLine is the most that a token takes in a store.
const maxLine = 32 << 10

// String says where the token is kept.
func (s Store) String() string {
	if s.Load != "" {
		return "the command oauth.load_command"
	}
	return fmt.Sprintf("%q", s.File)
}

// Read is the token. An error that is fs.ErrNotExist means that there is none. A
// command that fails is no such thing: a key ring may be locked.
func (s Store) Read(ctx context.Context) (Token, error) {
	line, err := s.line(ctx)
	if errors.Is(err, secret.ErrEmpty) {
		return Token{}, fs.ErrNotExist
	}
	if err != nil {
		return Token{}, err
	}
	if t, ok := byHand(line.Reveal()); ok && s.Load != "" {
		return t, nil
	}
	t, err := decode(line.Reveal())
	if err != nil {
		return Token{}, fmt.Errorf("%s: %w", s, err)
	}
	return t, nil
}

func (s Store) line(ctx context.Context) (secret.Secret, error) {
	if s.Load != "" {
		return secret.Source{Command: s.Load}.Read(ctx)
	}
	return secret.ReadOwn(ctx, s.File)
}

// Probe tells why no token could be kept, before one is asked for. It changes
// nothing that is kept; what a command will say cannot be told.
func (s Store) Probe(ctx context.Context) error {
	return s.locked(ctx, func() error {
		place, err := s.reserve()
		if err == nil {
			place.discard()
		}
		return err
	})
}

// Write replaces the token.
func (s Store) Write(ctx context.Context, t Token) error {
	return s.locked(ctx, func() error {
		place, err := s.reserve()
		if err != nil {
			return err
		}
		return place.keep(ctx, t)
	})
}

// Remove forgets the token. Commands are given an empty line.
func (s Store) Remove(ctx context.Context) error {
	return s.locked(ctx, func() error {
		if s.Save != "" {
			return secret.Feed(ctx, s.Save, secret.New("\n"))
		}
		return s.file().Remove()
	})
}

// file is where the token is, for the user of the service whoever logs in.
func (s Store) file() durable.File { return durable.File{Path: s.File, Shared: true} }

// locked runs work while no other process changes the token.
func (s Store) locked(ctx context.Context, work func() error) error {
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	unlock, err := s.file().Lock(waiting)
	if err != nil {
		return bare(err)
	}
	defer unlock()
	return work()
}

// place is where a token will go. It is there before the token is.
type place struct {
	save  string
	draft *durable.Draft // nil with save
}

// reserve makes sure of a place for a token: one that is on its way exists nowhere
// else. The caller holds the lock.
func (s Store) reserve() (*place, error) {
	if s.Save != "" {
		return &place{save: s.Save}, nil
	}
	d, err := s.file().Begin(maxLine)
	if err != nil {
		return nil, bare(err)
	}
	return &place{draft: d}, nil
}

func (p *place) keep(ctx context.Context, t Token) error {
	if p.draft == nil {
		return secret.Feed(ctx, p.save, secret.New(string(t.encode())))
	}
	return bare(p.draft.Commit(t.encode()))
}

func (p *place) discard() {
	if p.draft != nil {
		p.draft.Discard()
	}
}

// bare quotes the path in an error of the file system, which has it as it is.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%q: %w", at.Path, at.Err)
	}
	return err
}

package face

import (
	"errors"
	"io/fs"
	"path/filepath"

	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/aliases"
	"mailchute/inject/config"
)

// Find is load that keeps the warnings.
func (f *Call) Find() (warnings []string, err error) {
	path, err := config.Find(f.Args.ConfigFile, f.Getenv, func() string { return f.Who.Home })
	if errors.Is(err, config.ErrNone) {
		if c, ok := wire.SocketConfig(); ok {
			f.Config = c
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	f.Config, warnings, err = config.Load(path)
	return warnings, err
}

// AccountsOf is the accounts that have a name.
func AccountsOf(c *config.Config) []*config.Account {
	all := make([]*config.Account, len(c.Accounts))
	for i := range c.Accounts {
		all[i] = &c.Accounts[i]
	}
	return all
}

// Several is the errors that an error is made of.
func Several(err error) []error {
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		return e.Unwrap()
	}
	return []error{err}
}

// Accounts is the main account and all others.
func (f *Call) Accounts() []config.Account {
	return append([]config.Account{f.Config.Default}, f.Config.Accounts...)
}

// Load finds and reads the configuration and applies what the command line
// overrides.
func (f *Call) Load() error {
	path, err := config.Find(f.Args.ConfigFile, f.Getenv, func() string { return f.Who.Home })
	if errors.Is(err, config.ErrNone) {
		if c, ok := wire.SocketConfig(); ok {
			f.Config = c
			return nil
		}
	}
	if err != nil {
		return err
	}
	c, warnings, err := config.Load(path)
	if errors.Is(err, fs.ErrPermission) && path == config.System {
		// The machine's configuration is its server's alone: mail goes through it.
		if c, ok := wire.SocketConfig(); ok {
			f.Config = c
			return nil
		}
	}
	if err != nil {
		return err
	}
	for _, w := range warnings {
		f.warn(w)
	}
	if c.Path, err = filepath.Abs(path); err != nil {
		return err
	}
	f.Config = c
	return nil
}

// Table reads the aliases of an account; none is an empty table.
func (f *Call) Table(a *config.Account) (t *aliases.Table, path string, err error) {
	path = a.Aliases
	if f.Args.AliasFile != "" {
		path = f.Args.AliasFile
	}
	if path == "" {
		return nil, "", nil
	}
	t, err = aliases.Load(path)
	return t, path, err
}

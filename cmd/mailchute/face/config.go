package face

import (
	"errors"
	"io/fs"
	"path/filepath"

	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/aliases"
	"mailchute/inject/config"
)

// Load finds and reads the configuration, for sending: where there is none, or where
// the machine's is its server's alone, mail goes through that server. Warnings are
// told.
func (f *Call) Load() error {
	path, err := f.find()
	if path == "" || err != nil {
		return err
	}
	c, warnings, err := config.Load(path)
	if f.GoesByServer(err) {
		return nil
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

// Read finds and reads the configuration, for looking after it: one that is there
// and cannot be read is an error, and the warnings are the caller's to tell.
func (f *Call) Read() (warnings []string, err error) {
	path, err := f.find()
	if path == "" || err != nil {
		return nil, err
	}
	f.Config, warnings, err = config.Load(path)
	return warnings, err
}

// find is the path of the configuration; "" where there is none and the local server
// takes the mail.
func (f *Call) find() (path string, err error) {
	path, err = config.Find(f.Args.ConfigFile, f.Getenv, func() string { return f.Who.Home })
	if errors.Is(err, config.ErrNone) && f.useLocalServer() {
		return "", nil
	}
	return path, err
}

// GoesByServer tells of an error of Read whether this user's mail goes all the same: the
// machine's configuration is for its server alone to read, and all goes through that.
// The configuration is then the one that says so.
func (f *Call) GoesByServer(err error) bool {
	var e *config.Error
	return errors.As(err, &e) && e.File == config.System && errors.Is(err, fs.ErrPermission) && f.useLocalServer()
}

// useLocalServer has all mail go to the server of this machine, if there is one.
func (f *Call) useLocalServer() bool {
	c, ok := wire.SocketConfig()
	if ok {
		f.Config = c
	}
	return ok
}

// Aliases reads the aliases of an account; without a file, path is "" and the table
// nil, which is empty.
func (f *Call) Aliases(a *config.Account) (t *aliases.Table, path string, err error) {
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

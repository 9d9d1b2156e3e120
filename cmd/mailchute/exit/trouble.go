package exit

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"mailchute/inject/config"
)

// ConfigError is a configuration that cannot be used, though each value in it
// is right.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }

func (e *ConfigError) Unwrap() error { return e.Err }

// ListenError is a socket that could not be opened.
type ListenError struct {
	At  config.Listen
	Err error
}

func (e *ListenError) Unwrap() error { return e.Err }

func (e *ListenError) Error() string {
	text := fmt.Sprintf("cannot listen on %q: %s", e.At, SystemWords(e.Err))
	switch permission := errors.Is(e.Err, fs.ErrPermission) || errors.Is(e.Err, syscall.EROFS); {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		text += "; another program listens there"
	case permission && e.At.Network == "unix":
		text += fmt.Sprintf("; make the directory %q for this user, or name another place under [serve] in the configuration", filepath.Dir(e.At.Address))
	case permission:
		text += "; let systemd hand over the socket, or take a port above 1023"
	}
	return text
}

// SystemWords is what the system said, without what was attempted.
func SystemWords(err error) string {
	if n, ok := errors.AsType[syscall.Errno](err); ok {
		return n.Error()
	}
	return err.Error()
}

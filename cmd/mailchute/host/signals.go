package host

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// IgnoreSignals lets a write fail where a signal would end the program: a caller
// that closed our standard error, or that may write no large files, must not kill a
// delivery, and a write that fails can be told.
func IgnoreSignals() { signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ) }

// HeedSignals is to be called before a command is run. What IgnoreSignals ignores
// stays ignored in a command, where "yes | head" would then never end; what is caught
// is the command's own business again. Nothing is caught from the start, because that
// costs every mail a thread.
func HeedSignals() { heedOnce() }

var heedOnce = sync.OnceFunc(func() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ) })

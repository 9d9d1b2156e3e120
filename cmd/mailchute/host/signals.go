package host

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
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

// signalTime is ample for a signal to arrive that the program sends to itself: any
// thread may be the one to take it, and the others go on meanwhile.
const signalTime = 50 * time.Millisecond

// HoldSignals keeps the signals that end a program from doing so until release is
// called: then the first of them that came is sent again. It is for the moment in
// which something exists in memory alone that must not be lost.
func HoldSignals() (release func()) {
	var ends []os.Signal
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM} {
		if !signal.Ignored(s) { // what nohup has arranged stays
			ends = append(ends, s)
		}
	}
	if len(ends) == 0 { // signal.Notify would take none for all
		return func() {}
	}
	held := make(chan os.Signal, 1)
	signal.Notify(held, ends...)
	return func() {
		signal.Stop(held)
		select {
		case s := <-held:
			_ = syscall.Kill(syscall.Getpid(), s.(syscall.Signal))
			time.Sleep(signalTime)
		default:
		}
	}
}

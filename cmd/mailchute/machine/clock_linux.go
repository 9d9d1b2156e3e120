package machine

import "golang.org/x/sys/unix"

// Synchronized tells whether something keeps the clock right; known is false when
// the kernel does not say.
func Synchronized() (synchronized, known bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return state != unix.TIME_ERROR, err == nil
}

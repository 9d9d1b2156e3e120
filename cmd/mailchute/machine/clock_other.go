//go:build !linux

package machine

// Synchronized is not known here.
func Synchronized() (synchronized, known bool) { return false, false }

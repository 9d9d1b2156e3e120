//go:build !linux && !darwin && !freebsd

package machine

// Space is not known here.
func Space(string) (octets, files uint64, ok bool) { return 0, 0, false }

//go:build !linux

package serve

func residentMemory() (octets float64, ok bool) { return 0, false }

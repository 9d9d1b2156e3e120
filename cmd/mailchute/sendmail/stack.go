package sendmail

// growStack makes the stack of the calling goroutine large enough for a TLS
// handshake, and does nothing else. Left alone, a stack grows by doubling, and each
// time the program's tables are asked about all that is on it: that brings in half
// a megabyte of pages that nothing else needs. While the stack is empty there is
// nothing to ask.
//
//go:noinline
func growStack(touch bool) byte {
	if !touch { // the room was made on entry
		return 0
	}
	var room [24 << 10]byte
	for i := range room {
		room[i] = byte(i)
	}
	return room[len(room)-1]
}

package serve

import (
	"golang.org/x/sys/unix"
)

// keepSecrets keeps the memory of the server, which has the password in it, out of
// core dumps and, where the system can do that, from other processes of its user.
// Where it cannot the mail goes on.
func keepSecrets() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	undumpable()
}

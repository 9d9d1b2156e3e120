package host

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// ForCommands is to be called before a command is run. As main leaves them, some
// signals are ignored, and what is ignored stays so in a command, where "yes |
// head" would then never end; what is caught is the command's own business again.
// Main does not catch them from the start, because that costs every mail a thread.
var ForCommands = sync.OnceFunc(func() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE, syscall.SIGXFSZ) })

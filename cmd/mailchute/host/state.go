package host

import (
	"cmp"
	"path/filepath"

	"mailchute/inject/config"
)

// SystemQueue is the directory of the machine's queue, which is root's and that of
// mailchute serve.
const SystemQueue = "/var/spool/mailchute"

// stateDir is where a user's own files of state are kept, "" for nowhere.
func (u User) stateDir(getenv func(string) string) string {
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mailchute")
	}
	if h := cmp.Or(getenv("HOME"), u.Home); filepath.IsAbs(h) {
		return filepath.Join(h, ".local", "state", "mailchute")
	}
	return ""
}

// QueueDir is the directory of the queue that an account has for a user: where the
// configuration says, else the machine's for root, else with the user's own state;
// "" for nowhere.
func (u User) QueueDir(a *config.Account, getenv func(string) string) string {
	switch {
	case a.Queue.Dir != "":
		return a.Queue.Dir
	case u.UID == 0:
		return SystemQueue
	}
	return below(u.stateDir(getenv), "queue")
}

// LearntPath is where a user keeps what deliveries have taught under that name, ""
// for nowhere: root with the machine's state, unless XDG_STATE_HOME says otherwise.
func (u User) LearntPath(name string, getenv func(string) string) string {
	if u.UID == 0 && getenv("XDG_STATE_HOME") == "" {
		return filepath.Join("/var/lib/mailchute", name)
	}
	return below(u.stateDir(getenv), name)
}

// below is a name in a directory, "" where there is no directory.
func below(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

// ServerPart is the part of the state in which mailchute serve keeps what it has
// learnt: nobody else's mail goes by it, whoever the server runs as.
const ServerPart = "serve"

// RedirectsPath is where redirects are remembered, "" for nowhere. Part is
// ServerPart, or "" for the caller's own.
func RedirectsPath(part string, getenv func(string) string) string {
	return Caller().LearntPath(filepath.Join(part, "redirects"), getenv)
}

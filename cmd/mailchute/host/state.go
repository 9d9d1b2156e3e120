package host

import (
	"cmp"
	"os"
	"path/filepath"

	"mailchute/inject/config"
)

func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// stateDir is where a user's own files of state are kept; root has the machine's.
func stateDir(uid int, home string, getenv func(string) string) string {
	if uid == 0 {
		return "/var/spool/mailchute"
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mailchute")
	}
	if h := cmp.Or(getenv("HOME"), home); filepath.IsAbs(h) {
		return filepath.Join(h, ".local", "state", "mailchute")
	}
	return ""
}

// QueueDir is the directory of an account's queue.
func QueueDir(a *config.Account, uid int, home string, getenv func(string) string) string {
	dir := stateDir(uid, home, getenv)
	switch {
	case a.Queue.Dir != "":
		return a.Queue.Dir
	case uid == 0, dir == "":
		return dir
	}
	return filepath.Join(dir, "queue")
}

// ServerPart is the part of the state in which mailchute serve keeps what it has
// learnt: nobody else's mail goes by it, whoever the server runs as.
const ServerPart = "serve"

// MemoryPath is where the memory of redirects lies: with the user's own state,
// root's with the machine's. Part is ServerPart, or "" for the user's own.
func MemoryPath(part string, getenv func(string) string) string {
	who := LookUpUser()
	return LearntPath(filepath.Join(part, "redirects"), who.UID, who.Home, getenv)
}

// LearntPath is where a user keeps what deliveries have taught, "" for nowhere:
// root with the machine's, unless XDG_STATE_HOME says otherwise.
func LearntPath(name string, uid int, home string, getenv func(string) string) string {
	if uid == 0 && getenv("XDG_STATE_HOME") == "" {
		return filepath.Join("/var/lib/mailchute", name)
	}
	dir := stateDir(max(uid, 1), home, getenv)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

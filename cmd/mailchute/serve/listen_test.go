package serve

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mailchute/inject/config"
)

func TestAStaleSocketIsReplacedAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "deep", "submit.sock")
	defer syscall.Umask(syscall.Umask(0o077))
	l := config.Listen{Network: "unix", Address: path}
	first, err := open(l, everybody)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("%v, %v", info, err)
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Join(dir, "new")} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%v, %v", info, err)
		}
	}
	if _, err := open(l, everybody); !errors.Is(err, errRunning) {
		t.Errorf("a second server: %v", err)
	}
	first.Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	first.Close()
	second, err := open(l, everybody)
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	second.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(l, everybody); err == nil {
		t.Error("a file was replaced")
	}
}

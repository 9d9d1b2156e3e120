package serve

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/inject"
)

// Daemon is -bD, serve in the foreground, and -bd, serve in the background.
func Daemon(ctx context.Context, f *face.Call) exit.Status {
	if f.Args.Runner.Foreground {
		return f.Report(serve(ctx, f))
	}
	if err := f.Load(); err != nil {
		return f.Report(err)
	}
	status, err := startServer(f)
	if err != nil {
		return f.Report(err)
	}
	return status
}

// placeForSocket is the directory for temporary files, or one whose name leaves room
// for that of a socket: unix(7) has 108 octets for all of it, others 104.
func placeForSocket() string {
	if dir := os.TempDir(); len(dir) <= 64 {
		return dir
	}
	return "/tmp"
}

// startServer starts a server that outlives us and waits until it is ready, so
// that status 0 means that its sockets are there. What it says until then is on
// our standard error.
func startServer(f *face.Call) (exit.Status, error) {
	dir, err := os.MkdirTemp(placeForSocket(), "mailchute-")
	if err != nil {
		return exit.OK, &inject.SpoolError{Err: err}
	}
	defer os.RemoveAll(dir)
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "ready"), Net: "unixgram"})
	if err != nil {
		return exit.OK, err
	}
	defer ready.Close()
	cmd, words, err := serverCommand(f, filepath.Join(dir, "ready"))
	if err != nil {
		return exit.OK, err
	}
	if err := cmd.Start(); err != nil {
		return exit.OK, fmt.Errorf("cannot start the server: %w", err)
	}
	go io.Copy(f.Stderr, words)
	ended := make(chan exit.Status, 1)
	go func() {
		cmd.Wait()
		ended <- exit.Status(cmd.ProcessState.ExitCode())
	}()
	select {
	case <-whenReady(ready):
		return exit.OK, nil
	case status := <-ended:
		return status, nil
	}
}

// whenReady is closed when a server says that its sockets are there.
func whenReady(said net.Conn) <-chan struct{} {
	up := make(chan struct{})
	go func() {
		buf := make([]byte, 64)
		for {
			n, err := said.Read(buf)
			if err != nil {
				return
			}
			if strings.HasPrefix(string(buf[:n]), "READY=1") {
				close(up)
				return
			}
		}
	}()
	return up
}

// serverCommand is this program as a server in a session of its own, with the options of
// this call.
func serverCommand(f *face.Call, ready string) (cmd *exec.Cmd, words io.Reader, err error) {
	config, err := filepath.Abs(f.Config.Path)
	if err != nil {
		return nil, nil, err
	}
	options, err := f.Inherited(face.SendmailSpelling)
	if err != nil {
		return nil, nil, err
	}
	if cmd, err = host.Detached(append([]string{"sendmail", "-bD", "-C", config}, options...)...); err != nil {
		return nil, nil, err
	}
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+ready)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.Stderr = w
	return cmd, r, nil
}

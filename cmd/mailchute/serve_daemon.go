package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"mailchute/inject"
)

// daemon is -bD, serve in the foreground, and -bd, serve in the background.
func (f *face) daemon(ctx context.Context) exitStatus {
	if f.args.Runner.Foreground {
		return f.report(f.serve(ctx))
	}
	if err := f.load(); err != nil {
		return f.report(err)
	}
	status, err := f.startServer()
	if err != nil {
		return f.report(err)
	}
	return status
}

// startServer starts a server that outlives us and waits until it is ready, so
// that status 0 means that its sockets are there. What it says until then is on
// our standard error.
func (f *face) startServer() (exitStatus, error) {
	dir, err := os.MkdirTemp("", "mailchute-")
	if err != nil {
		return exitOK, &inject.SpoolError{Err: err}
	}
	defer os.RemoveAll(dir)
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "ready"), Net: "unixgram"})
	if err != nil {
		return exitOK, err
	}
	defer ready.Close()
	cmd, words, err := serverCommand(f.config.Path, filepath.Join(dir, "ready"))
	if err != nil {
		return exitOK, err
	}
	if err := cmd.Start(); err != nil {
		return exitOK, fmt.Errorf("cannot start the server: %w", err)
	}
	go io.Copy(f.Stderr, words)
	ended := make(chan exitStatus, 1)
	go func() {
		cmd.Wait()
		ended <- exitStatus(cmd.ProcessState.ExitCode())
	}()
	up := make(chan struct{})
	go func() {
		buf := make([]byte, 64)
		for {
			n, err := ready.Read(buf)
			if err != nil {
				return
			}
			if strings.HasPrefix(string(buf[:n]), "READY=1") {
				close(up)
				return
			}
		}
	}()
	select {
	case <-up:
		return exitOK, nil
	case status := <-ended:
		return status, nil
	}
}

// serverCommand is this program as a server in a session of its own.
func serverCommand(config, ready string) (cmd *exec.Cmd, words io.Reader, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if config, err = filepath.Abs(config); err != nil {
		return nil, nil, err
	}
	cmd = exec.Command(self, "serve", "-C", config)
	cmd.Args[0] = "mailchute" // the file may have another name, and names are faces
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+ready)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd.Stderr = w
	return cmd, r, nil
}

package main

import (
	"errors"
	"os/exec"
	"testing"

	"mailchute/relay/smtp/smtptest"
)

// NewPeer starts a smarthost that follows a script.
func NewPeer(script string) (*smtptest.Server, error) {
	p := smtptest.New(script)
	p.Keywords = "PIPELINING,SIZE 100000000,DSN,8BITMIME"
	return p, p.Start()
}

// exitCode is the status of a command that ran.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

func smarthost(t *testing.T) *smtptest.Server {
	t.Helper()
	p, err := NewPeer("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// Package cause finds what went wrong on a network below what package net says
// around it.
//
// "read tcp 10.0.0.2:4711->192.0.2.1:587: read: connection reset by peer" tells
// people twice what they know: errors of this program name the server and what was
// being done themselves. The cause is "connection reset by peer".
package cause

import (
	"errors"
	"io"
	"net"
	"os"
)

// errClosed is the end of a connection where more was to come.
var errClosed = errors.New("the server closed the connection")

// Of is the cause of a network error; any other error is its own.
func Of(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errClosed
	}
	return err
}

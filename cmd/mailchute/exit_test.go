package main

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"

	"mailchute/inject"
	"mailchute/inject/aliases"
	"mailchute/inject/config"
	"mailchute/relay/queue"
)

func TestAFullDiskIsWorthAnotherTryAndAWrongOneIsNot(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want exitStatus
	}{
		{&inject.SpoolError{Err: &fs.PathError{Op: "write", Err: syscall.ENOSPC}}, exitTempFail},
		{&inject.SpoolError{Err: &fs.PathError{Op: "open", Err: syscall.EACCES}}, exitCantCreate},
		{&inject.ReadError{Doing: "reading standard input", Err: syscall.EIO}, exitIOErr},
		{&queue.Error{Op: "write", Path: "/q", Err: syscall.ENOSPC}, exitTempFail},
		{&queue.Error{Op: "open", Path: "/q", Err: syscall.EACCES}, exitCantCreate},
		{&config.Error{File: "/c", Err: syscall.EMFILE}, exitTempFail},
		{&config.Error{File: "/c", Err: &fs.PathError{Op: "open", Err: syscall.ENFILE}}, exitTempFail},
		{&aliases.Error{File: "/a", Err: syscall.EIO}, exitTempFail},
		{&config.Error{File: "/c", Err: syscall.EACCES}, exitConfig},
		{errors.New("whatever"), exitSoftware},
	} {
		if got := statusOfError(tt.err); got != tt.want {
			t.Errorf("%v: status %d, want %d", tt.err, got, tt.want)
		}
	}
}

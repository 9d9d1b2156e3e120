package exit

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
		want Status
	}{
		{&inject.SpoolError{Err: &fs.PathError{Op: "write", Err: syscall.ENOSPC}}, TempFail},
		{&inject.SpoolError{Err: &fs.PathError{Op: "open", Err: syscall.EACCES}}, CantCreate},
		{&inject.ReadError{Doing: "reading standard input", Err: syscall.EIO}, IOErr},
		{&queue.Error{Op: "write", Path: "/q", Err: syscall.ENOSPC}, TempFail},
		{&queue.Error{Op: "open", Path: "/q", Err: syscall.EACCES}, CantCreate},
		{&config.Error{File: "/c", Err: syscall.EMFILE}, TempFail},
		{&config.Error{File: "/c", Err: &fs.PathError{Op: "open", Err: syscall.ENFILE}}, TempFail},
		{&aliases.Error{File: "/a", Err: syscall.EIO}, TempFail},
		{&config.Error{File: "/c", Err: syscall.EACCES}, Config},
		{errors.New("whatever"), Software},
	} {
		if got := OfError(tt.err); got != tt.want {
			t.Errorf("%v: status %d, want %d", tt.err, got, tt.want)
		}
	}
}

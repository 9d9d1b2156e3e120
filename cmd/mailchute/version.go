package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// release is set by the linker when a release is built.
var release = "devel"

// version prints version, Go version and commit.
func version(w io.Writer) exitStatus {
	commit := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	fmt.Fprintf(w, "mailchute %s\n%s %s/%s\ncommit %s\n", release, runtime.Version(), runtime.GOOS, runtime.GOARCH, commit)
	return exitOK
}

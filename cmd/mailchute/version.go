package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// release and commit are set by the linker when a release is built. Without them
// the commit is what Go has found, if it has looked.
var release, commit = "devel", ""

// version prints version, Go version and commit.
func version(w io.Writer) exitStatus {
	fmt.Fprintf(w, "mailchute %s\n%s %s/%s\ncommit %s\n", release, runtime.Version(), runtime.GOOS, runtime.GOARCH, cmp.Or(commit, stamp(), "unknown"))
	return exitOK
}

// stamp is the commit that Go has written into the program, "" for none.
func stamp() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

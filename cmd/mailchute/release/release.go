// Package release tells which build of mailchute this is.
package release

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker when a release is built. Without them
// the commit is what Go has found, if it has looked.
var version, commit = "devel", ""

// Print writes version, Go version and commit.
func Print(w io.Writer) {
	fmt.Fprintf(w, "mailchute %s\n%s %s/%s\ncommit %s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, cmp.Or(commit, stamp(), "unknown"))
}

// Version is the release, "devel" where it is none.
func Version() string { return version }

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

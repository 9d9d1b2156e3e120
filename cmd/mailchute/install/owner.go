package install

import (
	"os/exec"
	"strings"
)

// Owner asks the package manager whose a file is, "" when it is nobody's or
// there is no package manager that we know.
func Owner(path string) string {
	if out, err := exec.Command("dpkg-query", "--search", path).Output(); err == nil {
		return dpkgOwner(string(out), path)
	}
	out, err := exec.Command("rpm", "--query", "--queryformat", "%{NAME}", "--file", path).Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// dpkgOwner reads what dpkg-query --search prints of a path: lines with the packages
// that have it, parted by commas, and lines about a diversion. A diverted file of a
// package lies elsewhere, so that the place itself is free but for the package that
// asked for the diversion.
func dpkgOwner(out, path string) string {
	owner := ""
	for line := range strings.Lines(out) {
		names, of, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case !ok || of != path:
		case names == "local diversion from":
			return ""
		case strings.HasPrefix(names, "diversion by "):
			by, _, _ := strings.Cut(strings.TrimPrefix(names, "diversion by "), " ")
			return by
		case owner == "":
			owner, _, _ = strings.Cut(names, ",")
		}
	}
	return owner
}

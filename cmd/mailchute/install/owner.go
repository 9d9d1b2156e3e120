package install

import (
	"os"
	"os/exec"
	"strings"
)

// Owner asks the package manager whose a file is, "" when it is nobody's or
// there is no package manager that we know.
func Owner(path string) string {
	if _, err := os.Stat("/var/lib/dpkg"); err == nil {
		out, err := exec.Command("dpkg-query", "--search", path).Output()
		if name, _, ok := strings.Cut(string(out), ":"); err == nil && ok && !strings.Contains(name, "diversion by") {
			return name
		}
	}
	if _, err := os.Stat("/var/lib/rpm"); err == nil {
		out, err := exec.Command("rpm", "--query", "--queryformat", "%{NAME}", "--file", path).Output()
		if err == nil {
			return string(out)
		}
	}
	return ""
}

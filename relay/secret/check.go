package secret

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// Check looks at the permissions of a file with a secret in it, a configuration
// file included. That its group can read or write it, or others can read it, is a
// warning, one line with the command that mends it. That others can write it, or
// that it belongs to neither root nor the user, is an error: somebody else
// decides what it says. Root may use anybody's file, as root in a container must.
func Check(path string) (warning string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	return checkInfo(path, info)
}

// checkInfo is Check of a file that was looked at.
func checkInfo(path string, info os.FileInfo) (warning string, err error) {
	mode := info.Mode().Perm()
	owner := os.Geteuid()
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(st.Uid)
	}
	switch { // chmod would mend nothing, and break the machine
	case info.IsDir():
		return "", fmt.Errorf("%q is a directory, and no file with a secret in it", path)
	case info.Mode()&os.ModeDevice != 0 && mode&0o002 != 0:
		return "", fmt.Errorf("%q is a device that others can write, and no file with a secret in it", path)
	}
	return judge(path, mode, owner, os.Geteuid())
}

// judge is Check without the file system.
func judge(path string, mode os.FileMode, owner, user int) (warning string, err error) {
	mend := fmt.Sprintf("chmod %03o %s", mode&0o700, quote(path))
	switch {
	case owner != 0 && owner != user && user != 0:
		return "", fmt.Errorf("%q has a secret in it and belongs to user %d, neither to root nor to you", path, owner)
	case mode&0o002 != 0:
		return "", fmt.Errorf("%q has a secret in it and can be written by %s; mend it with: %s", path, who(mode>>1), mend)
	case mode&0o064 != 0:
		return fmt.Sprintf("%q has a secret in it and can be read by %s; mend it with: %s", path, who(mode>>2|mode>>1), mend), nil
	}
	return "", nil
}

// who names the holders of the lowest permission bit of each class.
func who(mode os.FileMode) string {
	switch {
	case mode&0o011 == 0o011:
		return "its group and others"
	case mode&0o010 != 0:
		return "its group"
	}
	return "others"
}

// quote writes a path as a word of the shell that is safe to show and to copy.
// Octets that cannot be shown are written in octal, which needs the $'...' form.
func quote(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	special := func(r rune) bool { return strings.ContainsRune(" !\"#$&'()*;<=>?[\\]^`{|}~", r) }
	hidden := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	switch {
	case strings.ContainsFunc(path, hidden):
		return dollar(path)
	case path == "" || strings.ContainsFunc(path, special):
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// dollar is the $'...' form.
func dollar(path string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}

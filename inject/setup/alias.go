package setup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// addAlias gives the text of an aliases(5) file that sends the mail for name to
// target, with all other bytes as they were. A line for the name that is there
// already stays, and changed is false.
func addAlias(text, name, target string) (with string, changed bool) {
	for line := range strings.Lines(text) {
		left, _, ok := strings.Cut(line, ":")
		if ok && strings.EqualFold(strings.Trim(strings.TrimSpace(left), `"`), name) {
			return text, false
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + name + ": " + target + "\n", true
}

// AddAliasTo is addAlias on a file, which need not be there yet. Others can read
// it, as all programs that send mail must.
func AddAliasTo(path, name, target string) (changed bool, err error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	with, changed := addAlias(string(text), name, target)
	if !changed {
		return false, nil
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	// Behind a link, which /etc/aliases is on some systems, the file is written.
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return true, place([]file{{path: path, text: with, mode: mode, replaces: true}})
}

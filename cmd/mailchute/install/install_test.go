package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var items = []Item{
	{Path: "/usr/local/bin/mailchute", Text: []byte("program"), Mode: 0o755, Own: true},
	{Path: "/usr/sbin/sendmail", Link: "/usr/local/bin/mailchute"},
	{Path: "/usr/lib/sendmail", Link: "/usr/sbin/sendmail"},
	{Path: "/usr/local/share/man/man1/mailchute.1", Text: []byte("page"), Mode: 0o644},
}

func do(t *testing.T, steps []Step, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, s := range steps {
		if err := s.Do(); err != nil {
			t.Fatal(err)
		}
		words = append(words, string(s.Action))
	}
	return words
}

// tree is all files below root: their texts, or where they lead.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := strings.TrimPrefix(path, root)
		if to, err := os.Readlink(path); err == nil {
			files[name] = "-> " + to
			return nil
		}
		text, err := os.ReadFile(path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		t.Fatal(err)
	}
}

func TestTheWayThereAndBack(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/usr/sbin/sendmail", "the old one")
	i := &Installer{Root: root}

	steps, err := i.Install(items)
	if got := strings.Join(do(t, steps, err), " "); got != "put keep put put put" {
		t.Errorf("steps %s", got)
	}
	files := tree(t, root)
	for path, want := range map[string]string{
		"/usr/sbin/sendmail":                  "-> ../local/bin/mailchute",
		"/usr/lib/sendmail":                   "-> ../sbin/sendmail",
		"/usr/local/bin/mailchute":            "program",
		"/usr/sbin/sendmail.before-mailchute": "the old one",
	} {
		if files[path] != want {
			t.Errorf("%s is %q, want %q", path, files[path], want)
		}
	}
	if text, err := os.ReadFile(root + "/usr/lib/sendmail"); err != nil || string(text) != "program" {
		t.Errorf("the links lead to %q, %v", text, err)
	}
	if info, err := os.Stat(root + "/usr/local/bin/mailchute"); err != nil || info.Mode() != 0o755 {
		t.Errorf("the program has mode %v, %v", info.Mode(), err)
	}

	if steps, err := i.Install(items); err != nil || len(steps) != 0 {
		t.Errorf("installing again takes %d steps, %v", len(steps), err)
	}

	steps, err = i.Uninstall(items)
	do(t, steps, err)
	if files := tree(t, root); len(files) != 1 || files["/usr/sbin/sendmail"] != "the old one" {
		t.Errorf("left behind: %v", files)
	}
	if _, err := os.Stat(root + "/usr/local/share/man/man1"); !os.IsNotExist(err) {
		t.Errorf("an empty directory is left: %v", err)
	}
	if _, err := os.Stat(root + "/usr/local/share"); err != nil {
		t.Errorf("a directory of the system is gone: %v", err)
	}
	if steps, err := i.Uninstall(items); err != nil || len(steps) != 0 {
		t.Errorf("uninstalling again takes %d steps, %v", len(steps), err)
	}
}

func TestNothingIsDoneBeforeTheSteps(t *testing.T) {
	root := t.TempDir()
	if steps, err := (&Installer{Root: root}).Install(items); err != nil || len(steps) != len(items) {
		t.Errorf("%d steps, %v", len(steps), err)
	}
	if files := tree(t, root); len(files) != 0 {
		t.Errorf("written: %v", files)
	}
}

func TestWhatIsKeptIsNotLost(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/usr/sbin/sendmail", "second")
	write(t, root+"/usr/sbin/sendmail.before-mailchute", "first")
	if _, err := (&Installer{Root: root}).Install(items); !errors.As(err, new(*RefusedError)) {
		t.Errorf("error %v", err)
	}
	write(t, root+"/usr/sbin/sendmail.before-mailchute.1", "zeroth")
	steps, err := (&Installer{Root: root, Force: true}).Install(items)
	do(t, steps, err)
	files := tree(t, root)
	for path, want := range map[string]string{"": "second", ".1": "zeroth", ".2": "first"} {
		if got := files["/usr/sbin/sendmail.before-mailchute"+path]; got != want {
			t.Errorf("%q is kept in %q, want %q", got, path, want)
		}
	}
}

func TestWhatIsKeptOfATakenPlaceIsToldOf(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/usr/sbin/sendmail", "exim's")
	write(t, root+"/usr/sbin/sendmail.before-mailchute", "first")
	steps, err := (&Installer{Root: root}).Uninstall(items)
	if got := strings.Join(do(t, steps, err), " "); got != "leave" || steps[0].To != root+"/usr/sbin/sendmail.before-mailchute" {
		t.Errorf("steps %q", got)
	}
	if files := tree(t, root); len(files) != 2 {
		t.Errorf("left: %v", files)
	}
}

func TestAPlaceThatSomebodyElseTookIsHis(t *testing.T) {
	root := t.TempDir()
	i := &Installer{Root: root}
	steps, err := i.Install(items)
	do(t, steps, err)
	if err := os.Remove(root + "/usr/sbin/sendmail"); err != nil {
		t.Fatal(err)
	}
	write(t, root+"/usr/sbin/sendmail", "exim's")
	steps, err = i.Uninstall(items)
	do(t, steps, err)
	if files := tree(t, root); len(files) != 1 || files["/usr/sbin/sendmail"] != "exim's" {
		t.Errorf("left: %v", files)
	}
}

func TestLinksAreRightOnAMergedSystem(t *testing.T) {
	root := t.TempDir()
	err := errors.Join(os.MkdirAll(root+"/usr/bin", 0o755), os.Symlink("bin", root+"/usr/sbin"))
	if err != nil {
		t.Fatal(err)
	}
	i := &Installer{Root: root}
	steps, err := i.Install(items)
	do(t, steps, err)
	if text, err := os.ReadFile(root + "/usr/sbin/sendmail"); err != nil || string(text) != "program" {
		t.Errorf("sendmail leads to %q, %v", text, err)
	}
	if steps, err := i.Install(items); err != nil || len(steps) != 0 {
		t.Errorf("installing again takes %d steps, %v", len(steps), err)
	}
	steps, err = i.Uninstall(items)
	do(t, steps, err)
	if files := tree(t, root); len(files) != 1 { // the link sbin itself
		t.Errorf("left behind: %v", files)
	}
}

func TestADirectoryInTheWayIsAnError(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(root+"/usr/sbin/sendmail", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := (&Installer{Root: root}).Install(items); err == nil {
		t.Error("no error")
	}
}

func TestNoLinkLeadsOutOfTheRoot(t *testing.T) {
	for _, to := range []string{"elsewhere", "../../elsewhere"} {
		top := t.TempDir()
		root, elsewhere := top+"/root", top+"/elsewhere"
		if to == "elsewhere" {
			to = elsewhere
		}
		err := errors.Join(os.MkdirAll(root+"/usr", 0o755), os.Mkdir(elsewhere, 0o755), os.Symlink(to, root+"/usr/local"))
		if err != nil {
			t.Fatal(err)
		}
		i := &Installer{Root: root}
		if steps, err := i.Install(items); err == nil || !strings.Contains(err.Error(), "leads out of") || len(steps) > 0 {
			t.Errorf("install: %d steps, %v", len(steps), err)
		}
		if steps, err := i.Uninstall(items); err == nil || len(steps) > 0 {
			t.Errorf("uninstall: %d steps, %v", len(steps), err)
		}
	}
}

func TestARootThatIsNoDirectoryIsAnError(t *testing.T) {
	root := t.TempDir() + "/file"
	write(t, root, "")
	if steps, err := (&Installer{Root: root}).Install(items); err == nil || strings.Contains(err.Error(), "link") || len(steps) > 0 {
		t.Errorf("%d steps, %v", len(steps), err)
	}
}

func TestAnOlderVersionGivesWay(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/usr/local/bin/mailchute", "older program")
	i := &Installer{Root: root}
	steps, err := i.Install(items)
	do(t, steps, err)
	if files := tree(t, root); files["/usr/local/bin/mailchute"] != "program" || files["/usr/local/bin/mailchute"+suffix] != "" {
		t.Errorf("left: %v", files)
	}
	write(t, root+"/usr/local/bin/mailchute", "newer program")
	steps, err = i.Uninstall(items)
	do(t, steps, err)
	if files := tree(t, root); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestALinkInAPlaceForAFileIsKept(t *testing.T) {
	root := t.TempDir()
	write(t, root+"/home/me/mailchute", "built by hand")
	if err := errors.Join(os.MkdirAll(root+"/usr/local/bin", 0o755), os.Symlink("/home/me/mailchute", root+"/usr/local/bin/mailchute")); err != nil {
		t.Fatal(err)
	}
	before := tree(t, root)
	i := &Installer{Root: root}
	steps, err := i.Install(items)
	if got := strings.Join(do(t, steps, err), " "); got != "keep put put put put" {
		t.Errorf("steps %s", got)
	}
	if files := tree(t, root); files["/home/me/mailchute"] != "built by hand" || files["/usr/local/bin/mailchute"] != "program" {
		t.Errorf("after install: %v", files)
	}
	steps, err = i.Uninstall(items)
	do(t, steps, err)
	if diff := cmp.Diff(before, tree(t, root)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsInstalledCanBeReachedWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	root := t.TempDir()
	steps, err := (&Installer{Root: root}).Install(items)
	do(t, steps, err)
	for _, dir := range []string{"/usr", "/usr/local/bin", "/usr/sbin", "/usr/local/share/man/man1"} {
		if info, err := os.Stat(root + dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v, %v", dir, info.Mode(), err)
		}
	}
}

package install

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// begun is a root with an old sendmail, and what stood in it.
func begun(t *testing.T) (root string, before map[string]string) {
	t.Helper()
	root = t.TempDir()
	write(t, root+"/usr/sbin/sendmail", "the old one")
	if err := errors.Join(os.MkdirAll(root+"/usr/lib", 0o755), os.Symlink("../sbin/postfix", root+"/usr/lib/sendmail")); err != nil {
		t.Fatal(err)
	}
	return root, tree(t, root)
}

func TestAnInstallThatEndsInTheMiddleCanGoOnOrBack(t *testing.T) {
	root, _ := begun(t)
	all, err := (&Installer{Root: root}).Install(items)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(all) + 1 {
		for _, again := range []bool{true, false} {
			root, before := begun(t)
			i := &Installer{Root: root}
			steps, err := i.Install(items)
			do(t, steps[:n], err)
			if text, err := os.ReadFile(root + "/usr/sbin/sendmail"); err != nil || len(text) == 0 {
				t.Errorf("after %d steps there is no sendmail: %v", n, err)
			}
			if n < len(steps) && steps[n].Action == Put {
				write(t, unfinished(steps[n].Path), "half of ")
			}
			if again {
				steps, err = i.Install(items)
				do(t, steps, err)
				if rest, err := i.Install(items); err != nil || len(rest) != 0 {
					t.Errorf("going on after %d steps leaves %d, %v", n, len(rest), err)
				}
			}
			steps, err = i.Uninstall(items)
			do(t, steps, err)
			if diff := cmp.Diff(before, tree(t, root)); diff != "" {
				t.Errorf("back from step %d, gone on: %v:\n%s", n, again, diff)
			}
		}
	}
}

func TestAnUninstallThatEndsInTheMiddleGoesOn(t *testing.T) {
	for n := range 6 {
		root, before := begun(t)
		i := &Installer{Root: root}
		steps, err := i.Install(items)
		do(t, steps, err)
		steps, err = i.Uninstall(items)
		do(t, steps[:min(n, len(steps))], err)
		if text, err := os.ReadFile(root + "/usr/sbin/sendmail"); err != nil || len(text) == 0 {
			t.Errorf("after %d steps there is no sendmail: %v", n, err)
		}
		steps, err = i.Uninstall(items)
		do(t, steps, err)
		if diff := cmp.Diff(before, tree(t, root)); diff != "" {
			t.Errorf("after %d steps: %s", n, diff)
		}
	}
}

func TestWhatCannotBePutLeavesNothingHalf(t *testing.T) {
	root, before := begun(t)
	write(t, unfinished(root+"/usr/local/bin/mailchute")+"/in/the/way", "")
	steps, err := (&Installer{Root: root}).Install(items)
	if err != nil {
		t.Fatal(err)
	}
	if err := steps[0].Do(); err == nil {
		t.Error("no error")
	}
	if err := os.RemoveAll(root + "/usr/local"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, root)); diff != "" {
		t.Error(diff)
	}
}

package queue

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestADamagedMessageIsSetAsideAndStopsNothing(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"cut short": func(p string) error { return os.Truncate(p, 200) },
		"empty":     func(p string) error { return os.Truncate(p, 0) },
		"longer":    func(p string) error { return edit(p, func(s string) string { return s + "x" }) },
		"another's id": func(p string) error {
			return edit(p, func(s string) string { return strings.Replace(s, `"id":"`, `"id":"z`, 1) })
		},
		"unknown word": func(p string) error {
			return edit(p, func(s string) string { return strings.Replace(s, `"never"`, `"nevel"`, 1) })
		},
		"not ours at all": func(p string) error { return os.WriteFile(p, []byte("hello"), 0o600) },
		"a link": func(p string) error {
			return errors.Join(os.Remove(p), os.Symlink("/etc/passwd", p))
		},
		"a folder": func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
		"a pipe":   func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			q := fresh(t)
			e := letter("bad@example.org")
			e.Envelope.Recipients[0].Notify.Never = true
			bad := accept(t, q, e)
			good := accept(t, q, letter("good@example.org"))
			if err := damage(filepath.Join(q.path, messageDir, bad)); err != nil {
				t.Fatal(err)
			}
			told := 0
			for e, err := range q.List() {
				if err != nil && e.ID == bad {
					told++
				}
			}
			if told != 1 {
				t.Errorf("the listing tells it %d times", told)
			}
			_, err := q.Acquire(bad)
			c, ok := errors.AsType[*CorruptError](err)
			if !ok {
				t.Fatalf("acquired: %v", err)
			}
			if _, err := os.Lstat(c.Path); err != nil {
				t.Errorf("not set aside: %v", err)
			}
			if why, err := os.ReadFile(c.Path + ".why"); err != nil || !strings.Contains(string(why), c.Reason[:10]) {
				t.Errorf("the note says %q, %v", why, err)
			}
			if got := listed(t, q.List()); len(got) != 1 || got[0] != good {
				t.Errorf("left: %q", got)
			}
			acquire(t, q, good)
		})
	}
}

func edit(path string, f func(string) string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(f(string(b))), 0o600)
}

func TestADamagedStateLosesNoMessage(t *testing.T) {
	for _, junk := range []string{"", "{", `{"version":1,"fates":[]}`, `{"version":1,"fates":[{"state":"nosuch"}]}`} {
		q := fresh(t)
		it := acquire(t, q, accept(t, q, letter("a@example.org")))
		if err := it.Update(); err != nil {
			t.Fatal(err)
		}
		it.Release()
		if err := os.WriteFile(filepath.Join(q.path, stateDir, it.ID), []byte(junk), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := listed(t, q.List()); len(got) != 1 {
			t.Errorf("%q: listed %q", junk, got)
		}
		again := acquire(t, q, it.ID)
		if again.Trouble == nil || again.Wake(noon) != 1 {
			t.Errorf("%q: trouble %v", junk, again.Trouble)
		}
	}
}

func TestAnotherVersionIsRefusedAndLeftAlone(t *testing.T) {
	q := fresh(t)
	id := accept(t, q, letter("a@example.org"))
	path := filepath.Join(q.path, messageDir, id)
	if err := edit(path, func(s string) string { return strings.Replace(s, magic+"1", magic+"2", 1) }); err != nil {
		t.Fatal(err)
	}
	_, err := q.Acquire(id)
	if _, ok := errors.AsType[*VersionError](err); !ok || !strings.Contains(err.Error(), `"2"`) {
		t.Errorf("message: %v", err)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("message: %v", err)
	}

	id = accept(t, q, letter("a@example.org"))
	if err := q.Hold(id); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(q.path, stateDir, id)
	if err := edit(path, func(s string) string { return strings.Replace(s, `"version":1`, `"version":7`, 1) }); err != nil {
		t.Fatal(err)
	}
	_, err = q.Acquire(id)
	if _, ok := errors.AsType[*VersionError](err); !ok {
		t.Errorf("state: %v", err)
	}
}

func TestASweepTidies(t *testing.T) {
	q, queued, failed := world(t)
	put := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(q.path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("message/README")
	put("message/" + prefix + "young")
	put("state/zzzzzzzzzzzzzz")
	put("state/core")
	now := time.Now()
	if errs := q.Sweep(now); len(errs) != 2 {
		t.Errorf("told: %v", errs)
	}
	for _, young := range []string{"message/" + prefix + "young", "state/zzzzzzzzzzzzzz"} {
		if _, err := os.Lstat(filepath.Join(q.path, young)); err != nil {
			t.Errorf("too early: %v", err)
		}
	}
	if errs := q.Sweep(now.Add(2 * leftover)); errs != nil {
		t.Errorf("told again: %v", errs)
	}
	want := fmt.Sprint([]string{"corrupt/README", "corrupt/README.why", "corrupt/core", "corrupt/core.why",
		"failed/" + failed, "message/" + queued, "state/" + failed})
	if got := fmt.Sprint(files(t, q)); got != want {
		t.Errorf("left\n%s, want\n%s", got, want)
	}
}

func TestDirectoriesAndFilesAreForTheirOwnerAlone(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	q, id, _ := world(t)
	if err := q.Hold(id); err != nil {
		t.Fatal(err)
	}
	if err := q.HoldRoute(RouteHold{Name: "main"}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(q.path, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
			t.Errorf("%s: %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAnUnsafeDirectoryIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(dir string) error{
		"others can write to it": func(d string) error { return errors.Join(os.Mkdir(d, 0o700), os.Chmod(d, 0o777)) },
		"the group can write":    func(d string) error { return errors.Join(os.Mkdir(d, 0o700), os.Chmod(d, 0o770)) },
		"it is a file":           func(d string) error { return os.WriteFile(d, nil, 0o600) },
		"a file is in the way":   func(d string) error { return errors.Join(os.Mkdir(d, 0o700), os.WriteFile(d+"/message", nil, 0o600)) },
		"a link leads out of it": func(d string) error { return errors.Join(os.Mkdir(d, 0o700), os.Symlink("/tmp", d+"/message")) },
		"a folder in it is for all": func(d string) error {
			return errors.Join(os.MkdirAll(d+"/message", 0o700), os.Chmod(d+"/message", 0o777))
		},
		"its parent is a file": func(d string) error { return nil },
	} {
		d := filepath.Join(t.TempDir(), "queue")
		if err := spoil(d); err != nil {
			t.Fatal(err)
		}
		if name == "its parent is a file" {
			os.WriteFile(d, nil, 0o600)
			d += "/queue"
		}
		q := open(t, d)
		_, err := q.Accept(letter("a@example.org"))
		if !errors.Is(err, ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		} else if !strings.HasPrefix(err.Error(), "queue: cannot ") || !strings.Contains(err.Error(), d) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTroubleThatMayPassIsNotAnUnusableDirectory(t *testing.T) {
	for errno, unusable := range map[syscall.Errno]bool{
		syscall.ENOSPC: false, syscall.EIO: false, syscall.EDQUOT: false, syscall.EMFILE: false,
		syscall.EROFS: true, syscall.EACCES: true, syscall.ENOTDIR: true,
	} {
		err := error(&Error{Op: "write", Path: "/q", Err: errno})
		if errors.Is(err, ErrUnusable) != unusable {
			t.Errorf("%v: unusable is %v", errno, !unusable)
		}
	}
}

func TestRootWorksInAnothersQueueWithoutTakingIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a directory that belongs to another")
	}
	d := filepath.Join(t.TempDir(), "queue")
	if err := errors.Join(os.Mkdir(d, 0o700), os.Chown(d, 12345, 12345)); err != nil {
		t.Fatal(err)
	}
	q := open(t, d)
	if err := q.Hold(accept(t, q, letter("a@example.org"))); err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files(t, q), messageDir, stateDir) {
		info, err := os.Lstat(filepath.Join(d, f))
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != 12345 {
			t.Errorf("%s is not the owner's: %v", f, err)
		}
	}
}

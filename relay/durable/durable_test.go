package durable

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// room is what a draft has on disk before its text is known.
const room = 4096

func replace(t *testing.T, f File, room int, text string) {
	t.Helper()
	unlock, err := f.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	d, err := f.Begin(room)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Commit([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAFileIsReplacedAsAWholeAndForItsOwnerAlone(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "a", "b", "file")}
	for _, text := range []string{"long " + strings.Repeat("x", 9000), "short", ""} {
		for _, room := range []int{room, 0} {
			replace(t, f, room, text)
			if got := read(t, f.Path); got != text {
				t.Errorf("got %d octets, want %d", len(got), len(text))
			}
		}
	}
	for name, want := range map[string]os.FileMode{f.Path: 0o600, filepath.Dir(f.Path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", name, info.Mode(), err, want)
		}
	}
}

func TestADiscardedDraftLeavesTheOldText(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "file")}
	replace(t, f, room, "old")
	d, err := f.Begin(10)
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	if got := read(t, f.Path); got != "old" {
		t.Errorf("got %q", got)
	}
	if _, err := os.Stat(f.Path + ".new"); err == nil {
		t.Error("the draft is still there")
	}
}

func TestWhatACrashLeftIsInNobodysWay(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "file")}
	replace(t, f, room, "old")
	if err := os.WriteFile(f.Path+".new", []byte("half a te"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, f.Path); got != "old" {
		t.Errorf("got %q", got)
	}
	replace(t, f, room, "new")
	if got := read(t, f.Path); got != "new" {
		t.Errorf("got %q", got)
	}
}

func TestBeginFailsWhereNothingCanBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	below := File{Path: filepath.Join(dir, "file", "below")}
	if _, err := below.Begin(1); err == nil {
		t.Error("a draft below a file")
	}
	if _, err := below.Lock(t.Context()); err == nil {
		t.Error("a lock below a file")
	}
}

func TestOneHoldsTheLockAtATime(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "counter")}
	replace(t, f, room, "0")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			unlock, err := f.Lock(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			n, _ := strconv.Atoi(read(t, f.Path))
			d, err := f.Begin(8)
			if err != nil {
				t.Error(err)
				return
			}
			if err := d.Commit([]byte(strconv.Itoa(n + 1))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := read(t, f.Path); got != "20" {
		t.Errorf("got %s, want 20", got)
	}
}

func TestTheWaitForALockEndsWithItsContext(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "file")}
	unlock, err := f.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := f.Lock(ctx); err == nil || !strings.Contains(err.Error(), "is held by another process") {
		t.Errorf("got %v", err)
	}
}

func TestRemoveIsForGoodAndCanBeRepeated(t *testing.T) {
	f := File{Path: filepath.Join(t.TempDir(), "file")}
	replace(t, f, room, "x")
	for range 2 {
		if err := f.Remove(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(f.Path); err == nil {
		t.Error("it is still there")
	}
}

func TestWhatRootMakesInAnothersDirectoryIsTheOthersIfShared(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const other = 12345
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, other, other); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		f     File
		owner uint32
	}{{File{Path: filepath.Join(dir, "oauth", "token"), Shared: true}, other}, {File{Path: filepath.Join(dir, "redirects", "memory")}, 0}} {
		replace(t, tt.f, room, "x")
		for _, name := range []string{tt.f.Path, tt.f.Path + ".lock", filepath.Dir(tt.f.Path)} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if st := info.Sys().(*syscall.Stat_t); st.Uid != tt.owner || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s belongs to %d, mode %v", name, st.Uid, info.Mode())
			}
		}
	}
	// A lock that is another name of root's own file stays root's.
	mine, bait := filepath.Join(t.TempDir(), "mine"), File{Path: filepath.Join(dir, "bait"), Shared: true}
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(mine, bait.Path+".lock"); err != nil {
		t.Fatal(err)
	}
	replace(t, bait, room, "x")
	if info, err := os.Stat(mine); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("root's own file was given away: %v", err)
	}
}

func TestDirectoriesAreAsOpenAsTheyWereAskedForWhateverTheUmask(t *testing.T) {
	top := t.TempDir()
	if err := os.Mkdir(filepath.Join(top, "there"), 0o700); err != nil {
		t.Fatal(err)
	}
	defer syscall.Umask(syscall.Umask(0o077))
	for range 2 {
		if err := MakeDirs(filepath.Join(top, "there", "a", "b"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]os.FileMode{"there": 0o700, "there/a": 0o755, "there/a/b": 0o755} {
		if info, err := os.Stat(filepath.Join(top, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %v", name, info.Mode(), err, want)
		}
	}
}

package redirect

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailchute/headers/address"
)

func TestAnotherProcessIsSeen(t *testing.T) {
	mine := memory(t)
	must(t, mine.Learn(entry(t, "a@x.example", "b@x.example")))
	must(t, OpenMemory(mine.path).Learn(entry(t, "a@x.example", "c@x.example")))
	mine.checked = time.Time{} // a second goes by
	if _, to := mine.Lookup(mailbox(t, "a@x.example")); to.Local != "c" {
		t.Errorf("the other's word is not seen: %v", to)
	}
}

// TestManyProcessesAtOnce runs this test binary many times on one file: each
// teaches its own entries, and none may be lost.
func TestManyProcessesAtOnce(t *testing.T) {
	const processes, each = 6, 5
	path := filepath.Join(t.TempDir(), "redirects")
	var wait sync.WaitGroup
	for p := range processes {
		wait.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), fmt.Sprintf("TEACH=%s %d %d", path, p, each))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", p, err, out)
			}
		})
	}
	wait.Wait()
	entries, err := OpenMemory(path).List()
	must(t, err)
	if len(entries) != processes*each {
		t.Errorf("%d of %d entries are left", len(entries), processes*each)
	}
}

func TestMain(m *testing.M) {
	var path string
	var process, each int
	if _, err := fmt.Sscanf(os.Getenv("TEACH"), "%s %d %d", &path, &process, &each); err != nil {
		os.Exit(m.Run())
	}
	memory := OpenMemory(path)
	for i := range each {
		if err := teach(memory, Entry{
			Old: address.Addr{Local: fmt.Sprintf("p%d-%d", process, i), Domain: "x.example"},
			New: address.Addr{Local: "b", Domain: "x.example"}, Code: 557,
		}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// teach does not give up where the others hold the lock for longer than mail may be
// held up: on a disk that is slow to sync they do.
func teach(m *Memory, e Entry) error {
	for {
		err := m.Learn(e)
		if err == nil || !strings.Contains(err.Error(), "is held by another process") {
			return err
		}
	}
}

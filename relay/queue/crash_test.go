package queue

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailchute/relay/envelope"
)

// deeds are the operations that change the queue. Each finds one message with two
// recipients in the queue and one among the failed.
var deeds = map[string]func(q *Queue, queued, failed string) error{
	"accept": func(q *Queue, _, _ string) error {
		e := letter("new@example.org")
		e.Submitted = noon.Add(time.Hour)
		_, err := q.Accept(e)
		return err
	},
	"update": func(q *Queue, queued, _ string) error {
		it, err := q.Acquire(queued)
		if err != nil {
			return err
		}
		defer it.Release()
		it.Envelope.Recipients[0].Apply(delivered)
		return it.Update()
	},
	"remove": func(q *Queue, queued, _ string) error {
		it, err := q.Acquire(queued)
		if err != nil {
			return err
		}
		defer it.Release()
		return it.Remove()
	},
	"fail": func(q *Queue, queued, _ string) error {
		it, err := q.Acquire(queued)
		if err != nil {
			return err
		}
		defer it.Release()
		it.Envelope.Recipients[0].Apply(delivered)
		it.Envelope.Recipients[1].Apply(refused)
		return it.Fail(noon)
	},
	"retry":  func(q *Queue, _, failed string) error { return q.Retry(failed, noon) },
	"hold":   func(q *Queue, queued, _ string) error { return q.Hold(queued) },
	"delete": func(q *Queue, _, failed string) error { return q.Delete(failed) },
}

// world is a queue as every deed finds it.
func world(t testing.TB) (q *Queue, queued, failed string) {
	t.Helper()
	q = fresh(t)
	queued = accept(t, q, letter("a@example.org", "b@example.org"))
	failed = accept(t, q, letter("gone@example.org"))
	it := acquire(t, q, failed)
	it.Envelope.Recipients[0].Apply(refused)
	if err := it.Fail(noon); err != nil {
		t.Fatal(err)
	}
	return q, queued, failed
}

// places is where each message stands, after a new start and a sweep.
func places(t testing.TB, path string) (in map[string]string, q *Queue) {
	t.Helper()
	q = open(t, path)
	for _, err := range q.Sweep(time.Now().Add(2 * leftover)) {
		t.Errorf("sweep: %v", err)
	}
	in = make(map[string]string)
	for _, id := range listed(t, q.List()) {
		in[id] = messageDir
	}
	for _, id := range listed(t, q.ListFailed()) {
		if in[id] != "" {
			t.Errorf("%s stands in two places", id)
		}
		in[id] = failedDir
	}
	for _, f := range files(t, q) {
		if base := filepath.Base(f); !isID(base) || strings.HasPrefix(f, corruptDir) {
			t.Errorf("left behind: %s", f)
		}
	}
	return in, q
}

// judge says whether the world is one that may be after a deed that was begun:
// and, when done, one that must be after it was done.
func judge(t testing.TB, deed, path, queued, failed string, done bool) {
	t.Helper()
	in, q := places(t, path)
	must := func(ok bool, what string) {
		t.Helper()
		if !ok {
			t.Errorf("%s, done %v: %s: %v", deed, done, what, in)
		}
	}
	others := len(in)
	for _, id := range []string{queued, failed} {
		if in[id] != "" {
			others--
		}
	}
	fates := func(id string) (s []envelope.State) {
		it := acquire(t, q, id)
		defer it.Release()
		must(it.Trouble == nil, "a state was damaged")
		for _, r := range it.Envelope.Recipients {
			s = append(s, r.Outcome.State)
		}
		return s
	}
	must(deed == "accept" || others == 0, "a message came from nowhere")
	must(deed == "remove" || in[queued] != "", "the message is lost")
	must(deed == "delete" || in[failed] != "", "the failed message is lost")
	must(deed == "retry" || deed == "delete" || in[failed] == failedDir, "the failed message moved")
	must(deed == "fail" || deed == "remove" || in[queued] == messageDir, "the message moved")
	if in[queued] == messageDir && deed == "update" {
		s := fates(queued)
		must(s[1] == envelope.Pending && (s[0] == envelope.Delivered || !done), "a fate is wrong")
	}
	if !done {
		return
	}
	switch deed {
	case "accept":
		must(others == 1, "the accepted message is not there")
	case "remove":
		must(in[queued] == "", "still there")
	case "delete":
		must(in[failed] == "", "still there")
	case "fail":
		must(in[queued] == failedDir, "not among the failed")
	case "retry":
		must(in[failed] == messageDir && fates(failed)[0] == envelope.Deferred, "not in the queue")
	case "hold":
		must(slices.Equal(ids(t, q.Ready(noon)), nil), "not held")
	}
}

func TestNothingIsLostWhenAStepFails(t *testing.T) {
	for deed, do := range deeds {
		for step := 1; stepFails(t, deed, do, step); step++ {
		}
	}
}

// stepFails does a deed of which one step fails: with a full disk or a broken one
// in turn. It tells whether there was such a step.
func stepFails(t *testing.T, deed string, do func(*Queue, string, string) error, step int) bool {
	t.Helper()
	errno := [2]error{syscall.ENOSPC, syscall.EIO}[step%2]
	q, queued, failed := world(t)
	n, what := 0, ""
	faulty := open(t, q.path)
	faulty.hook = func(s, path string) error {
		if n++; n == step {
			what = s
			return errno
		}
		return nil
	}
	err := do(faulty, queued, failed)
	faulty.Close()
	if n < step {
		if err != nil {
			t.Errorf("%s without a fault: %v", deed, err)
		}
	} else if err != nil && !errors.Is(err, errno) {
		t.Errorf("%s, %s fails with %v: %v", deed, what, errno, err)
	}
	judge(t, deed, q.path, queued, failed, err == nil)
	if in, _ := places(t, q.path); deed == "accept" && err != nil && len(in) != 2 {
		t.Errorf("accept, %s fails with %v: half accepted: %v", what, errno, in)
	}
	return n >= step
}

// The crash: a process is killed before each step, and a new one looks at what
// it left behind.

const crashVariable = "QUEUE_TEST_CRASH" // deed, step, path, ids

func TestMain(m *testing.M) {
	if task := os.Getenv(crashVariable); task != "" {
		crash(strings.Fields(task))
		return
	}
	os.Exit(m.Run())
}

func crash(task []string) {
	var step, n int
	fmt.Sscan(task[1], &step)
	q, err := Open(task[2])
	if err != nil {
		panic(err)
	}
	q.hook = func(s, path string) error {
		if n++; n == step {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
	if task[0] == "hoard" { // takes the message, says so, and keeps it until it is killed
		it, err := q.Acquire(task[3])
		if err != nil {
			panic(err)
		}
		defer it.Release() // what is not needed any more is closed by the collector
		fmt.Println("mine")
		io.Copy(io.Discard, os.Stdin) // select {} alone is a deadlock, which may end the process
		return
	}
	if err := deeds[task[0]](q, task[3], task[4]); err != nil {
		panic(err)
	}
	fmt.Println("done")
}

func child(t *testing.T, task ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), crashVariable+"="+strings.Join(task, " "))
	return cmd
}

func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	points := 0
	for deed := range deeds {
		for step := 1; ; step++ {
			q, queued, failed := world(t)
			out, err := child(t, deed, fmt.Sprint(step), q.path, queued, failed).CombinedOutput()
			done := string(out) == "done\n"
			if !done && len(out) > 0 {
				t.Fatalf("%s: %s", deed, out)
			}
			judge(t, deed, q.path, queued, failed, done)
			if done {
				break
			}
			if err == nil {
				t.Fatalf("%s, step %d: neither killed nor done", deed, step)
			}
			points++
		}
	}
	if points < 30 {
		t.Errorf("only %d points", points)
	}
}

func TestALockDiesWithItsProcess(t *testing.T) {
	q, id, _ := world(t)
	cmd := child(t, "hoard", "0", q.path, id)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 5)
	if _, err := io.ReadFull(out, line); err != nil || string(line) != "mine\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	if _, err := q.Acquire(id); err != ErrBusy {
		t.Errorf("while another process has it: %v, want ErrBusy", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if it, err := q.Acquire(id); err != nil {
		t.Errorf("after its end: %v", err)
	} else {
		it.Release()
	}
}

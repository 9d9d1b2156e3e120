package queue

import (
	"path/filepath"
	"testing"
)

func TestASecondRunIsExcludedWhileTheFirstGoesOn(t *testing.T) {
	q, err := Open(filepath.Join(t.TempDir(), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	if _, busy, err := q.LockRun(); busy || err != nil {
		t.Fatalf("a queue that is not there: busy %t, %v", busy, err)
	}
	if _, err := q.Accept(letter("a@b.example")); err != nil {
		t.Fatal(err)
	}
	done, busy, err := q.LockRun()
	if busy || err != nil {
		t.Fatalf("the first run: busy %t, %v", busy, err)
	}
	other, _ := Open(q.Path())
	if _, busy, err := other.LockRun(); !busy || err != nil {
		t.Errorf("a second run beside it: busy %t, %v", busy, err)
	}
	done()
	if done, busy, err := other.LockRun(); busy || err != nil {
		t.Errorf("the next run: busy %t, %v", busy, err)
	} else {
		done()
	}
}

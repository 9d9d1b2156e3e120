package logbook

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// TestAStreamThatNobodyReadsHoldsNobodyUp, and whoever reads again finds whole lines
// and at most one that was torn off.
func TestAStreamThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	b := mustOpen(t, "none", "text", "")
	b.toStream(Patient(writer))
	writeUntilStuck(t, b)
	b.Write(example())
	if !errors.Is(b.Err(), os.ErrDeadlineExceeded) {
		t.Errorf("the pipe is full, and %v", b.Err())
	}
	full := make([]byte, 1<<20)
	n, err := reader.Read(full)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(example())
	if b.Err() != nil {
		t.Errorf("there is room again, and %v", b.Err())
	}
	writer.Close()
	rest, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(append(full[:n], rest...)), "\n")
	torn := 0
	for _, line := range lines[:len(lines)-1] {
		if line != lines[0] && !strings.HasSuffix(line, " user=joe") {
			torn++
		}
	}
	if last := lines[len(lines)-2]; torn > 1 || !strings.HasSuffix(last, " user=joe") || lines[len(lines)-1] != "" {
		t.Errorf("%d lines are torn, the last is %q", torn, last)
	}
}

func TestAStreamThatIsNoFileIsLeftAlone(t *testing.T) {
	var b bytes.Buffer
	if Patient(&b) != io.Writer(&b) {
		t.Error("it was wrapped")
	}
}

package inject

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// A disk without room is not a caller whose input broke off: the exit statuses
// differ, and one of them says to try again.
func TestTroubleWithTheTemporaryFileIsNotTroubleWithTheInput(t *testing.T) {
	large := strings.NewReader("Subject: s\n\n" + strings.Repeat("line\n", MemoryBody/4))
	unwritable := func() (*os.File, error) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return nil, err
		}
		return os.Open(path)
	}
	_, err := Read(large, unwritable)
	if spoolErr := new(SpoolError); !errors.As(err, &spoolErr) {
		t.Errorf("a file that cannot be written: %v, want a *SpoolError", err)
	}

	large.Seek(0, io.SeekStart)
	broken := io.MultiReader(large, iotest.ErrReader(errors.New("input/output error")))
	_, err = Read(broken, func() (*os.File, error) { return TempFile(t.TempDir()) })
	if readErr := new(ReadError); !errors.As(err, &readErr) {
		t.Errorf("input that breaks off: %v, want a *ReadError", err)
	}
}

func TestABodyOfAnySizeIsReadWhole(t *testing.T) {
	for _, size := range []int{0, 1, 2000, copySize - 1, copySize, copySize + 1, MemoryBody - 600, MemoryBody, MemoryBody + 1, 3 * MemoryBody} {
		body := strings.Repeat("0123456789abcde\n", size/16+1)[:size]
		file, err := os.Create(filepath.Join(t.TempDir(), "message"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString("not of this message\nSubject: s\n\n" + body); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Seek(int64(len("not of this message\n")), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		for source, r := range map[string]io.Reader{"a pipe": strings.NewReader("Subject: s\n\n" + body), "a file at an offset": file} {
			in, err := Read(r, func() (*os.File, error) { return TempFile(t.TempDir()) })
			if err != nil {
				t.Fatalf("%d octets from %s: %v", size, source, err)
			}
			got, err := io.ReadAll(in.Body.Reader())
			if err != nil || string(got) != body {
				t.Errorf("%d octets from %s: got %d, %v", size, source, len(got), err)
			}
			if inMemory := in.Body.Bytes() != nil; size > 0 && inMemory != (size < MemoryBody) {
				t.Errorf("%d octets from %s: in memory %v", size, source, inMemory)
			}
			in.Body.Close()
		}
		file.Close()
	}
}

package message

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestReadersOfABodyAreIndependent(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "body"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("header body, and what follows"); err != nil {
		t.Fatal(err)
	}
	filed := NewFileBody(f, int64(len("header ")), Traits{Size: int64(len("body"))})
	for name, b := range map[string]*Body{"file": filed, "memory": NewBody([]byte("body"), Traits{Size: 4})} {
		one, two := b.Reader(), b.Reader()
		if _, err := one.Seek(2, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(two)
		rest, err2 := io.ReadAll(one)
		if string(all) != "body" || string(rest) != "dy" || err != nil || err2 != nil {
			t.Errorf("%s: %q and %q, %v, %v", name, all, rest, err, err2)
		}
		if (b.Bytes() == nil) != (name == "file") {
			t.Errorf("%s: Bytes is %q", name, b.Bytes())
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := filed.Reader().Read(make([]byte, 1)); err == nil {
		t.Error("the file of a closed body can be read")
	}
}

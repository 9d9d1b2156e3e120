package terminal

import (
	"bytes"
	"io"
	"os"
	"testing"
)

func TestOutputRemembersWhatItCouldNotWrite(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	o := NewOutput(writer)
	if _, err := io.WriteString(o, "one"); err != nil || o.Err() != nil {
		t.Errorf("%v, %v", err, o.Err())
	}
	reader.Close()
	if _, err := io.WriteString(o, "two"); !IsGone(err) || !IsGone(o.Err()) {
		t.Errorf("%v, %v", err, o.Err())
	}
	if _, err := io.WriteString(o, "three"); err != o.Err() {
		t.Error(err)
	}
	if Raw(o) != io.Writer(writer) || Is(o) {
		t.Error("the file behind it is another one")
	}
	if b := (&bytes.Buffer{}); Raw(b) != io.Writer(b) {
		t.Error("a buffer has no file behind it")
	}
}

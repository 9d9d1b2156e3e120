package inject

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestALoneDotEndsTheMessage(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		ended, rest    bool
	}{
		{"no dot", "one\ntwo\n", "one\ntwo\n", false, false},
		{"a lone dot", "one\n.\n", "one\n", true, false},
		{"a lone dot and more", "one\n.\ntwo\n", "one\n", true, true},
		{"a lone dot with CRLF", "one\r\n.\r\ntwo", "one\r\n", true, true},
		{"a lone dot at once", ".\nrest", "", true, true},
		{"a lone dot without line end", "one\n.", "one\n", true, false},
		{"a lone dot with only a CR at the end", "one\n.\r", "one\n", true, false},
		{"dots that are not alone", ".a\n..\n. \nx.\n.\r.\n", ".a\n..\n. \nx.\n.\r.\n", false, false},
		{"a dot in the middle of a line", "a.\nb", "a.\nb", false, false},
		{"nothing", "", "", false, false},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "octet by octet": iotest.OneByteReader, "data with error": iotest.DataErrReader,
		} {
			d := NewDotReader(wrap(strings.NewReader(c.in)))
			got, err := io.ReadAll(d)
			if err != nil || string(got) != c.want || d.ended != c.ended {
				t.Errorf("%s, %s: %q, ended %t, %v; want %q, %t", c.name, how, got, d.ended, err, c.want, c.ended)
			}
			if how == "whole" && d.Rest(func() bool { return false }) != c.rest {
				t.Errorf("%s: input behind the dot: %t, want %t", c.name, !c.rest, c.rest)
			}
		}
	}
}

func TestInputBehindTheDotIsSeenWhenItWasNotReadYet(t *testing.T) {
	d := NewDotReader(strings.NewReader("one\n.\n"))
	io.ReadAll(d)
	if !d.Rest(func() bool { return true }) {
		t.Error("what the pipe holds behind the dot was not reported")
	}
}

func FuzzDotReader(f *testing.F) {
	f.Add("a\n.\nb\n", uint8(1))
	f.Add("\n.\r\n.", uint8(3))
	f.Fuzz(func(t *testing.T, in string, chunk uint8) {
		whole, err := io.ReadAll(NewDotReader(strings.NewReader(in)))
		if err != nil {
			t.Fatal(err)
		}
		r := NewDotReader(iotest.OneByteReader(strings.NewReader(in)))
		var parts strings.Builder
		buf := make([]byte, int(chunk)+1)
		for err == nil {
			var n int
			n, err = r.Read(buf)
			parts.Write(buf[:n])
		}
		if err != io.EOF || parts.String() != string(whole) {
			t.Errorf("in pieces %q, %v; whole %q", parts.String(), err, whole)
		}
		// no line of what is given out is a lone dot
		for _, line := range strings.SplitAfter(string(whole), "\n") {
			if line == ".\n" || line == ".\r\n" || line == "." {
				t.Errorf("a lone dot in %q", whole)
			}
		}
		if !strings.HasPrefix(in, string(whole)) {
			t.Errorf("%q is no beginning of %q", whole, in)
		}
	})
}

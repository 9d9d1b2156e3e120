package reply

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"
)

func TestRead(t *testing.T) {
	tests := []struct {
		name, wire string
		text       string
		class      Class
		lines      int
	}{
		{"one line", "250 2.1.0 ok\r\n", "250 2.1.0 ok", Success, 1},
		{"a bare code is a reply", "250\r\n", "250", Success, 1},
		{"a bare code and a blank is a reply", "354 \r\n", "354", Intermediate, 1},
		{"LF alone ends a line", "250-a\n250 b\n", "250 a b", Success, 2},
		{"a bare code ends a multi-line reply", "250-one\r\n250-2.1.0 two\r\n250\r\n", "250 2.1.0 one two", Success, 3},
		{"the code of the last line counts", "250-fine\r\n550 not so fine\r\n", "550 fine not so fine", Permanent, 2},
		{"the enhanced code is taken off each line", "550-5.7.1 this looks\r\n550 5.7.1 like spam\r\n", "550 5.7.1 this looks like spam", Permanent, 2},
		{"another enhanced code on a later line is kept as text", "550-5.7.1 a\r\n550 5.1.1 b\r\n", "550 5.7.1 a 5.1.1 b", Permanent, 2},
		{"an enhanced code of another class is text", "250 5.1.1 ok\r\n", "250 5.1.1 ok", Success, 1},
		{"an enhanced code alone", "250 2.0.0\r\n", "250 2.0.0", Success, 1},
		{"unknown codes are judged by their first digit", "459 later\r\n", "459 later", Temporary, 1},
		{"1yz is a fault", "150 hold on\r\n", "150 hold on", Fault, 1},
		{"6yz is a fault", "650 what\r\n", "650 what", Fault, 1},
		{"000 is a fault", "000 null\r\n", "000 null", Fault, 1},
		{"control characters become blanks", "250 a\x1b[31mb\x00c\rd\x7f\r\n", "250 a [31mb c d", Success, 1},
		{"C1 controls and line separators become blanks", "250 a\u009bb\u2028c\r\n", "250 a b c", Success, 1},
		{"invalid UTF-8 becomes question marks", "250 caf\xe9\r\n", "250 caf?", Success, 1},
		{"valid UTF-8 stays", "250 café\r\n", "250 café", Success, 1},
		{"many lines are cut, the last still counts", strings.Repeat("250-x\r\n", 1000) + "450 y\r\n", "450" + strings.Repeat(" x", maxLines), Temporary, maxLines},
		{"a long line is cut", "250 " + strings.Repeat("x", 100_000) + "\r\n", "250 " + strings.Repeat("x", maxLine-4), Success, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tt.wire + "250 next\r\n"),
				iotest.OneByteReader(strings.NewReader(tt.wire + "250 next\r\n")),
			} {
				br := bufio.NewReaderSize(r, 4096)
				got, err := Read(br, "RCPT")
				if err != nil {
					t.Fatal(err)
				}
				if got.Text() != tt.text || got.Class() != tt.class || len(got.Lines) != tt.lines || got.Command != "RCPT" {
					t.Errorf("got %q, class %d, %d lines, command %q", clip(got.Text(), 200), got.Class(), len(got.Lines), got.Command)
				}
				if next, err := Read(br, ""); err != nil || next.Text() != "250 next" {
					t.Errorf("out of step: then %q, %v", next.Text(), err)
				}
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	tests := []struct {
		name, wire string
		want       error
		malformed  string
	}{
		{name: "nothing at all", wire: "", want: io.EOF},
		{name: "a line without an end", wire: "250 ok", want: io.ErrUnexpectedEOF},
		{name: "a reply without its last line", wire: "250-ok\r\n", want: io.ErrUnexpectedEOF},
		{name: "words", wire: "what? who are you\r\n", malformed: "what? who are you"},
		{name: "another protocol", wire: "SSH-2.0-OpenSSH_9.2\r\n", malformed: "SSH-2.0-OpenSSH_9.2"},
		{name: "an empty line", wire: "\r\n", malformed: ""},
		{name: "a code that runs on", wire: "2500 ok\r\n", malformed: "2500 ok"},
		{name: "a wrong separator", wire: "250_ok\r\n", malformed: "250_ok"},
		{name: "garbage inside a reply", wire: "250-ok\r\nwhat\x1b\r\n", malformed: "what"},
		{name: "an endless line", wire: "250 " + strings.Repeat("x", maxTotal+1), want: ErrTooLong},
		{name: "an endless reply", wire: strings.Repeat("250-x\r\n", maxTotal/7+1), want: ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(bufio.NewReaderSize(strings.NewReader(tt.wire), 4096), "")
			if tt.want != nil {
				if !errors.Is(err, tt.want) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
				return
			}
			var m *MalformedError
			if !errors.As(err, &m) || m.Text != tt.malformed {
				t.Fatalf("got %v, want a *MalformedError with %q", err, tt.malformed)
			}
		})
	}
}

func TestParseEnhanced(t *testing.T) {
	good := []string{"2.0.0", "5.1.1", "4.999.999", "5.7.30"}
	for _, s := range good {
		if e, ok := ParseEnhanced(s); !ok || e.String() != s {
			t.Errorf("%q: got %v, %v", s, e, ok)
		}
	}
	for _, s := range []string{"", "5", "5.", "5.1", "5.1.", "5..1", "3.1.1", "5.1.1.1", "5.1.1 ", "5.1.1000", "55.1.1", "5.-1.1", "٥.1.1"} {
		if e, ok := ParseEnhanced(s); ok {
			t.Errorf("%q: got %v, want none", s, e)
		}
	}
}

// FuzzRead: whatever a server says, a reply is bounded and can be shown.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"250 ok\r\n", "550-5.1.1 a\r\n550 5.1.1 b\r\n", "150\n", "SSH-2.0\r\n", "250-\x1b\xff\r\n250", "250 \u009b\u2028\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		got, err := Read(bufio.NewReaderSize(strings.NewReader(string(wire)), 64), "MAIL")
		text := got.Text()
		if err != nil {
			text = err.Error()
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("cannot be shown: %q", text)
		}
		if len(got.Lines) > maxLines || slices.ContainsFunc(got.Lines, func(l string) bool { return len(l) > 2*maxLine }) {
			t.Errorf("%d lines", len(got.Lines))
		}
	})
}

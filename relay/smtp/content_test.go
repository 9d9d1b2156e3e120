package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/relay/smtp/smtptest"
)

// text is content in memory.
type text string

func (c text) Size() int64 { return int64(len(c)) }

func (c text) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(c))
	return int64(n), err
}

// unknown hides the size of content.
type unknown struct{ Content }

func (unknown) Size() int64 { return -1 }

// file is content that is copied from a file.
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }

func (f file) WriteTo(w io.Writer) (int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	return io.Copy(w, io.LimitReader(f.File, f.size))
}

// TestContent: content of every kind and size arrives as it was, by BDAT and by
// DATA, one transaction after another.
func TestContent(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	for _, implicit := range []bool{false, true} {
		for _, chunked := range []bool{true, false} {
			for _, plainly := range []bool{false, true} {
				t.Run(fmt.Sprintf("tls %v, bdat %v, one by one %v", implicit, chunked, plainly), func(t *testing.T) {
					serverConfig := config
					if !implicit {
						serverConfig = nil
					}
					e, b := peer(t, serverConfig, implicit)
					c, err := Connect(t.Context(), e, Options{Hello: "me.example", TLS: TLS{RootsFile: ca.File}, Login: joe(), NoPipelining: plainly})
					if err != nil {
						t.Fatal(err)
					}
					c.extensions.Chunking = chunked
					for _, size := range []int{10, 4096, blockSize - 20, blockSize, blockSize + 1, 3*chunkSize + 5, 10*chunkSize + 7} {
						whole := lines(size)
						name := filepath.Join(t.TempDir(), "text")
						if err := os.WriteFile(name, []byte(whole), 0o600); err != nil {
							t.Fatal(err)
						}
						f, err := os.Open(name)
						if err != nil {
							t.Fatal(err)
						}
						defer f.Close()
						onFile := file{f, int64(len(whole))}
						for _, content := range []Content{whole, unknown{whole}, onFile, unknown{onFile}} {
							r := c.Send(t.Context(), &Transaction{Sender: "me@a.example", Content: content,
								Recipients: []Recipient{{Path: "nobody@x.example"}, {Path: "a@x.example"}}})
							if r.Err != nil || r.Final == nil || r.Final.Code != 250 || r.Recipients[0].Enhanced.String() != "5.1.1" {
								t.Fatalf("%d octets: %+v", size, r)
							}
							if got := b.messages[len(b.messages)-1]; got != "me@a.example: a@x.example: "+string(whole) {
								t.Fatalf("%d octets, %T: the message is not what was sent", size, content)
							}
						}
					}
					if b.loggedIn != 1 {
						t.Errorf("logged in %d times", b.loggedIn)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// endless is content without an end.
type endless struct{}

func (endless) Size() int64 { return -1 }

func (endless) WriteTo(w io.Writer) (n int64, err error) {
	for err == nil {
		var k int
		k, err = io.WriteString(w, string(lines(1000)))
		n += int64(k)
	}
	return n, err
}

// wrongSize is content that is not what it says.
type wrongSize struct {
	text
	size int64
}

func (w wrongSize) Size() int64 { return w.size }

func TestContentOfAnotherSizeIsNeverTaken(t *testing.T) {
	for _, size := range []int64{50, 150} {
		e, b := peer(t, nil, false)
		c, err := Connect(t.Context(), e, Options{Hello: "me.example"})
		if err != nil {
			t.Fatal(err)
		}
		r := c.Send(t.Context(), &Transaction{Sender: "a@b.example", Recipients: many(1), Content: wrongSize{lines(100), size}})
		var failed *Error
		if !errors.As(r.Err, &failed) || failed.Phase != PhaseContent || !failed.Local || c.Usable() || len(b.messages) > 0 {
			t.Errorf("size %d: %+v, %d messages", size, r, len(b.messages))
		}
	}
}

func TestDots(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"an empty message is a dot alone", "", ".\r\n"},
		{"no empty line is added", "a\r\n", "a\r\n.\r\n"},
		{"a line end that is missing is added", "a", "a\r\n.\r\n"},
		{"a bare LF is no line end", "a\n", "a\n\r\n.\r\n"},
		{"dots at the beginning of lines are doubled", ".\r\n..a\r\nb.\r\n.c\r\n", "..\r\n...a\r\nb.\r\n..c\r\n.\r\n"},
		{"dots behind a bare LF are doubled", "a\n.\nb\r\n", "a\n..\nb\r\n.\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for step := 1; step <= len(tt.in)+1; step++ {
				if got := stuff(t, []byte(tt.in), step); got != tt.want {
					t.Errorf("%d at a time: got %q, want %q", step, got, tt.want)
				}
			}
		})
	}
}

// stuff sends content through dots, step octets at a time.
func stuff(t testing.TB, content []byte, step int) string {
	var out bytes.Buffer
	d := newDots(&out)
	for p := content; len(p) > 0; p = p[min(step, len(p)):] {
		if n, err := d.Write(p[:min(step, len(p))]); err != nil || n != min(step, len(p)) {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// FuzzDots: the first lone dot is the end, and what a server reads in front of
// it is the content.
func FuzzDots(f *testing.F) {
	f.Add([]byte("a\r\n.b\r\n"), 1)
	f.Add([]byte(".\r\n\n..\r\n.."), 3)
	f.Fuzz(func(t *testing.T, content []byte, step int) {
		wire := stuff(t, content, max(1, step))
		text, rest, found := strings.Cut("\r\n"+wire, "\r\n.\r\n")
		if !found || rest != "" {
			t.Fatalf("the end is not at the end: %q", wire)
		}
		got := strings.ReplaceAll(text+"\r\n", "\n.", "\n")[2:]
		want := string(content)
		if want != "" && !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestExactLetsNoOctetTooMuchThrough(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("0123456789"); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]func() io.Reader{
		"reader":         func() io.Reader { return strings.NewReader("0123456789") },
		"limited reader": func() io.Reader { return io.LimitReader(strings.NewReader("0123456789+++"), 10) },
		"file":           func() io.Reader { return io.NewSectionReader(file, 0, 10) },
	} {
		for left, want := range map[int64]error{9: errLonger, 10: nil, 11: nil} {
			w := newWire(&player{t: t}, time.Minute)
			e := &exact{w: &w, left: left}
			n, err := io.Copy(e, r())
			if !errors.Is(err, want) || n > left || int64(len(w.out)) > left {
				t.Errorf("%s, %d announced: %d copied, %d on the wire, %v", name, left, n, len(w.out), err)
			}
		}
	}
}

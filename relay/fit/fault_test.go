package fit

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mailchute/relay/message"
)

// filed is a body in a file.
func filed(t testing.TB, text string) *message.Body {
	t.Helper()
	path := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := message.NewFileBody(f, 0, traits([]byte(text)))
	t.Cleanup(func() { b.Close() })
	return b
}

var errFull = errors.New("full")

// full takes n octets.
type full struct{ n int }

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.n {
		n := f.n
		f.n = 0
		return n, errFull
	}
	f.n -= len(p)
	return len(p), nil
}

const multipart = "Content-Type: multipart/mixed; boundary=b\r\n"

// ways are bodies and headers that go through all of the code.
var ways = []struct{ name, header, body string }{
	{"CRLF", "", "one\r\ntwo\r\n"},
	{"LF", "", "one\ntwo\n"},
	{"quoted-printable", "", "ä\nö\n"},
	{"base64", "Content-Type: image/x\r\n", "\xff\xfe\x00"},
	{"rewrapped", "Content-Transfer-Encoding: quoted-printable\r\n", strings.Repeat("=C3=BC", 300)},
	{"parts", multipart, "ä\n--b\n\nä\n--b\nContent-Type: image/x\n\n\x00\n--b--\nä"},
	{"message", "Content-Type: message/rfc822\r\n", "Subject: ä\n\nä"},
}

func TestAWriteErrorEndsItAtAnyOctet(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			c, err := Fit(&message.Message{Header: []byte(way.header), Body: filed(t, way.body)}, Server{}, false)
			if err != nil {
				t.Fatal(err)
			}
			for room := range int(c.Size()) {
				if n, err := c.WriteTo(&full{room}); err != errFull || n != int64(room) {
					t.Fatalf("room for %d of %d octets: %d written, %v", room, c.Size(), n, err)
				}
			}
			if n, err := c.WriteTo(&full{int(c.Size())}); err != nil || n != c.Size() {
				t.Fatalf("%d of %d written, %v", n, c.Size(), err)
			}
		})
	}
}

func TestABodyThatWasCutOffIsAnError(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			for keep := range len(way.body) {
				whole := filed(t, way.body)
				f, err := os.CreateTemp(t.TempDir(), "")
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				f.WriteString(way.body[:keep])
				b := message.NewFileBody(f, 0, whole.Traits)
				c, err := Fit(&message.Message{Header: []byte(way.header), Body: b}, Server{}, false)
				if err == nil {
					_, err = c.WriteTo(io.Discard)
				}
				if !errors.Is(err, io.EOF) {
					t.Fatalf("cut off after %d octets: %v", keep, err)
				}
			}
		})
	}
}

func TestMemoryDoesNotGrowWithTheMessage(t *testing.T) {
	const size = 4 << 20
	for _, c := range []struct{ name, header, body string }{
		{"one line", "", strings.Repeat("x", size)},
		{"only CRs", "", strings.Repeat("\r", size)},
		{"long lines of quoted-printable", "Content-Transfer-Encoding: quoted-printable\r\n", strings.Repeat("=C3", size/3)},
		{"a part of one line", multipart, "--b\n\n" + strings.Repeat("x", size)},
		{"a preamble of one line", multipart, strings.Repeat("-", size) + "\n--b\n\n\n--b--"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &message.Message{Header: []byte(c.header), Body: filed(t, c.body)}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			content, err := Fit(m, Server{}, false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := content.WriteTo(io.Discard); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%d octets of memory for a message of %d", used, size)
			}
		})
	}
}

func TestPartsMayStandAHundredDeep(t *testing.T) {
	nested := func(depth int) string {
		var b strings.Builder
		for range depth {
			b.WriteString("Content-Type: message/rfc822\n\n")
		}
		return b.String() + "\nä\n"
	}
	for depth, fits := range map[int]bool{98: true, 200: false} {
		m := &message.Message{Header: []byte("Content-Type: message/rfc822\r\n"), Body: filed(t, nested(depth))}
		c, err := Fit(m, Server{}, false)
		if (err == nil) != fits {
			t.Fatalf("%d deep: %v", depth, err)
		}
		if err == nil {
			if _, err := c.WriteTo(io.Discard); err != nil {
				t.Fatal(err)
			}
		}
	}
}

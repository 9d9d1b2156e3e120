package smtp

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// said is a connection to a server that has said all beforehand.
type said struct {
	net.Conn
	in  *strings.Reader
	out strings.Builder
}

func (s *said) Read(p []byte) (int, error)       { return s.in.Read(p) }
func (s *said) Write(p []byte) (int, error)      { return s.out.Write(p) }
func (s *said) Close() error                     { return nil }
func (s *said) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (s *said) SetDeadline(time.Time) error      { return nil }
func (s *said) SetReadDeadline(time.Time) error  { return nil }
func (s *said) SetWriteDeadline(time.Time) error { return nil }

// FuzzServer: whatever a server says, content follows only where it was asked
// for, a message counts as taken only after it was sent, and the password
// shows nowhere.
func FuzzServer(f *testing.F) {
	f.Add("220 x\r\n250-x\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n250 ok\r\n221 bye\r\n", false)
	f.Add("220 x\r\n250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH LOGIN\r\n334 \r\n334 \r\n235 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n", true)
	f.Add("220 x\r\n250-x\r\n250 AUTH SCRAM-SHA-256\r\n334 cj1h\r\n501 no\r\n", false)
	f.Add("220 x\r\n250-x\r\n250 AUTH CRAM-MD5\r\n334 hunter22\r\n535 hunter22\r\n", true)
	f.Fuzz(func(t *testing.T, server string, size bool) {
		conn := &said{in: strings.NewReader(server)}
		var trace strings.Builder
		c, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "127.0.0.1:25"}, Options{
			Hello: "me.example", Login: joe(), Trace: func(l string) { trace.WriteString(l + "\n") },
			Dial: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		})
		if err != nil {
			return
		}
		var content Content = text("text of the message\r\n")
		if size {
			content = unknown{content}
		}
		r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(2), Content: content})
		_ = c.Close()
		wire := conn.out.String()
		sent := strings.Contains(wire, "text of the message")
		if sent && (r.accepted() == 0 || !strings.Contains(wire, "DATA\r\n") && !strings.Contains(wire, "BDAT 21 LAST\r\n")) {
			t.Errorf("content that nobody asked for: %q", wire)
		}
		if r.Final != nil && !sent {
			t.Errorf("taken before it was sent: %q", wire)
		}
		if strings.Contains(wire, "MAIL") && !strings.Contains(wire, "AUTH") {
			t.Errorf("mail without login: %q", wire)
		}
		shown := trace.String()
		if r.Err != nil {
			shown += r.Err.Error()
		}
		if strings.Contains(shown, "aHVudGVyMjI=") || strings.Contains(shown, "AGpvZQBodW50ZXIyMg==") {
			t.Errorf("the password shows: %q", shown)
		}
	})
}

// sink is a server in memory of its own goroutine that reads as fast as it can.
func sink(b *testing.B, keywords string) Endpoint {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "220 x\r\n")
		buf := make([]byte, 256<<10)
		tail := ""
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			tail = (tail + string(buf[max(0, n-16):n]))
			tail = tail[max(0, len(tail)-16):]
			switch {
			case strings.HasSuffix(tail, "EHLO me.example\r\n"), n == 17:
				_, _ = io.WriteString(conn, "250-x\r\n"+keywords+"250 PIPELINING\r\n")
			case strings.HasSuffix(tail, "\r\nDATA\r\n"):
				_, _ = io.WriteString(conn, "250 ok\r\n250 ok\r\n354 go\r\n")
			case strings.HasSuffix(tail, "\r\n.\r\n"):
				_, _ = io.WriteString(conn, "250 ok\r\n")
			}
		}
	}()
	return Endpoint{Network: "tcp", Address: l.Addr().String()}
}

func BenchmarkData25MB(b *testing.B) {
	for name, line := range map[string]string{
		"text": "a line of text as it is found in mail, with no dot at its beginning\r\n",
		"dots": ". a line of text as it is found in mail, with a dot at its beginning\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			content := text(strings.Repeat(line, 25<<20/len(line)))
			c, err := Connect(b.Context(), sink(b, ""), Options{Hello: "me.example"})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(content.Size())
			b.ReportAllocs()
			for b.Loop() {
				if r := c.Send(b.Context(), &Transaction{Sender: "a@b", Recipients: many(1), Content: content}); r.Err != nil || r.Final == nil {
					b.Fatalf("%+v", r)
				}
			}
		})
	}
}

func BenchmarkDots(b *testing.B) {
	line := ". a line of text as it is found in mail, with a dot at its beginning\r\n"
	content := []byte(strings.Repeat(line, 1<<20/len(line)))
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		d := newDots(io.Discard)
		_, _ = d.Write(content)
	}
}

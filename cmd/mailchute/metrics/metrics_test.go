package metrics

import (
	"fmt"
	"io"
	"math"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The text exposition format 0.0.4, line by line.
var (
	comment = regexp.MustCompile(`^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$`)
	sample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	label   = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)`)
)

// parse reads a page as Prometheus does, and gives its samples by name and labels.
func parse(t *testing.T, page string) map[string]float64 {
	t.Helper()
	if !strings.HasSuffix(page, "\n") {
		t.Fatal("the last line has no end")
	}
	kinds, samples, family := map[string]string{}, map[string]float64{}, ""
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if m := comment.FindStringSubmatch(line); m != nil {
			if m[1] == "HELP" && kinds[m[2]] != "" || m[1] == "TYPE" && m[2] != family {
				t.Errorf("out of order: %s", line)
			}
			family = m[2]
			if kinds[family] = "untyped"; m[1] == "TYPE" {
				kinds[family] = m[3]
			}
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no sample: %q", line)
		}
		value, err := strconv.ParseFloat(m[3], 64)
		base := m[1]
		if kinds[family] == histogram {
			base = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(base, "")
		}
		if _, twice := samples[m[1]+m[2]]; err != nil || twice || base != family {
			t.Errorf("%q in family %s: %v", line, family, err)
		}
		for rest := m[2]; rest != ""; {
			l := label.FindString(rest)
			if l == "" {
				t.Fatalf("labels: %q", m[2])
			}
			rest = rest[len(l):]
		}
		samples[m[1]+m[2]] = value
	}
	return samples
}

func TestAPageIsInTheTextFormat(t *testing.T) {
	var p Page
	var c Counter
	for range 3 {
		c.Inc()
	}
	h := NewHistogram(10*time.Millisecond, time.Second)
	for _, d := range []time.Duration{0, 10 * time.Millisecond, 11 * time.Millisecond, time.Hour} {
		h.Observe(d)
	}
	p.Gauge("a_gauge", "Two\nlines and a \\.", math.Inf(1), "odd", "\"q\"\\\n")
	p.Counter("c_total", "Counts.")
	p.Sample("c_total", c.Value(), "x", "1", "y", "2")
	p.Sample("c_total", 0, "x", "2", "y", "2")
	p.Histogram("h_seconds", "Takes.", h)
	got := parse(t, string(p.Bytes()))
	for name, want := range map[string]float64{
		`a_gaugeodd="\"q\"\\\n"`:    math.Inf(1),
		`c_totalx="1",y="2"`:        3,
		`c_totalx="2",y="2"`:        0,
		`h_seconds_bucketle="0.01"`: 2,
		`h_seconds_bucketle="1"`:    3,
		`h_seconds_bucketle="+Inf"`: 4,
		`h_seconds_count`:           4,
		`h_seconds_sum`:             3600.021,
	} {
		if v, there := got[name]; !there || v != want {
			t.Errorf("%s: %v, want %v", name, v, want)
		}
	}
	if !strings.Contains(string(p.Bytes()), `# HELP a_gauge Two\nlines and a \\.`+"\n") {
		t.Errorf("%s", p.Bytes())
	}
}

// conversation is a client that says one thing and listens.
type conversation struct {
	io.Reader
	strings.Builder
}

func converse(c *conversation) {
	method, status := request(c)
	answer(c, method, status, func() []byte { return []byte("page") })
}

func TestEachRequestGetsItsAnswer(t *testing.T) {
	for _, tt := range []struct{ name, request, status, body string }{
		{"a scrape", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "page"},
		{"with a query", "GET /metrics?x=1 HTTP/1.0\r\n\r\n", "200 OK", "page"},
		{"with bare line feeds", "GET /metrics HTTP/1.1\n\n", "200 OK", "page"},
		{"only the header", "HEAD /metrics HTTP/1.1\r\n\r\n", "200 OK", ""},
		{"the absolute form", "GET HTTP://h:9587/metrics?x HTTP/1.1\r\n\r\n", "200 OK", "page"},
		{"another page in the absolute form", "GET http://h/metrics/x HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n"},
		{"a host alone", "GET http://metrics HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n"},
		{"another page", "GET / HTTP/1.1\r\n\r\n", "404 Not Found", "404 Not Found\n"},
		{"another method", "POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "405 Method Not Allowed\n"},
		{"another protocol", "EHLO x\r\n\r\n", "400 Bad Request", "400 Bad Request\n"},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 Bad Request", "400 Bad Request\n"},
		{"a header without end", "GET /metrics HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", maxRequest), "431 Request Header Fields Too Large", "431 Request Header Fields Too Large\n"},
		{"a line without end", strings.Repeat("G", 2*maxRequest), "431 Request Header Fields Too Large", "431 Request Header Fields Too Large\n"},
		{"half a request", "GET /metrics HTTP/1.1\r\n", "", ""},
		{"nothing", "", "", ""},
	} {
		c := &conversation{Reader: strings.NewReader(tt.request)}
		converse(c)
		head, body, _ := strings.Cut(c.String(), "\r\n\r\n")
		status, _, _ := strings.Cut(strings.TrimPrefix(head, "HTTP/1.1 "), "\r\n")
		if status != tt.status || body != tt.body {
			t.Errorf("%s: %q", tt.name, c.String())
		}
	}
}

// backyard is a listener within the process, so that its time can be that of a test.
type backyard struct {
	visitors chan net.Conn
	closed   chan struct{}
}

func (b *backyard) Accept() (net.Conn, error) {
	select {
	case c := <-b.visitors:
		return c, nil
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

func (b *backyard) Close() error   { close(b.closed); return nil }
func (b *backyard) Addr() net.Addr { return nil }

// visit connects.
func (b *backyard) visit() net.Conn {
	here, there := net.Pipe()
	b.visitors <- there
	return here
}

func TestManyScrapersAtOnceAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &backyard{visitors: make(chan net.Conn), closed: make(chan struct{})}
		var server, scrapes sync.WaitGroup
		server.Go(func() { Serve(l, func() []byte { return []byte("a 1\n") }) })
		began := time.Now()
		const silent = 20 * atATime // who says nothing takes a place until another wants it
		for range silent {
			defer l.visit().Close()
		}
		for range 50 {
			scrapes.Go(func() {
				c := l.visit()
				defer c.Close()
				fmt.Fprintf(c, "GET /metrics HTTP/1.1\r\n\r\n")
				answer, err := io.ReadAll(c)
				if err != nil || !strings.HasSuffix(string(answer), "\r\n\r\na 1\n") {
					t.Errorf("%q, %v", answer, err)
				}
			})
		}
		scrapes.Wait()
		if waited := time.Since(began); waited > silent*toBegin {
			t.Errorf("they waited for %v", waited)
		}
		l.Close()
		server.Wait()
	})
}

func FuzzARequestIsAnsweredOrDropped(f *testing.F) {
	f.Add("GET /metrics HTTP/1.1\r\n\r\n")
	f.Add("GET  HTTP/1.1\n\n")
	f.Fuzz(func(t *testing.T, request string) {
		c := &conversation{Reader: strings.NewReader(request)}
		converse(c)
		if s := c.String(); s != "" && !strings.HasPrefix(s, "HTTP/1.1 ") || strings.HasSuffix(s, "page") && !strings.HasPrefix(request, "GET ") {
			t.Errorf("%q: %q", request, s)
		}
	})
}

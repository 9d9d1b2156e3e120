package servetest

import (
	"io"
	"net"
	"testing"
)

// NoError ends the test on an error.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Scrape is the metrics at a Unix socket, "" when there are none. A server gives each
// scraper little time to ask: whoever was too slow on a busy machine asks again.
func Scrape(path string) string {
	for range 10 {
		c, err := net.Dial("unix", path)
		if err != nil {
			return ""
		}
		io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
		answer, _ := io.ReadAll(c)
		c.Close()
		if len(answer) > 0 {
			return string(answer)
		}
	}
	return ""
}

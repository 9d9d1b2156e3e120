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

// Scrape is the metrics at a Unix socket, "" when there are none.
func Scrape(path string) string {
	c, err := net.Dial("unix", path)
	if err != nil {
		return ""
	}
	defer c.Close()
	io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
	answer, _ := io.ReadAll(c)
	return string(answer)
}

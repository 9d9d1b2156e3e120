package serve

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// TestBinaryMailArrivesWhole: the smarthost has no BINARYMIME, so the octets travel
// as base64, and the header says so.
func TestBinaryMailArrivesWhole(t *testing.T) {
	s := serveWith(t, "", "")
	c, err := net.Dial("unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const text = "Mime-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00one\ntwo\r"
	fmt.Fprintf(c, "EHLO x\r\nMAIL FROM:<a@box.example> BODY=BINARYMIME\r\nRCPT TO:<b@example.org>\r\nBDAT %d LAST\r\n%sQUIT\r\n", len(text), text)
	if answer, _ := io.ReadAll(c); !strings.Contains(string(answer), "250 2.0.0 queued as") {
		t.Fatalf("%s", answer)
	}
	got := string(s.Arrive(1)[0].Text)
	if !strings.Contains(got, "\r\nContent-Transfer-Encoding: base64\r\n") || !strings.HasSuffix(got, "\r\n\r\nAG9uZQp0d28N\r\n") {
		t.Error(got)
	}
}

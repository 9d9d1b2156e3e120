package dns

import (
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// settings is what resolv.conf(5) says, as far as it concerns a client without a
// search list.
type settings struct {
	servers  []netip.AddrPort
	timeout  time.Duration
	attempts int
}

// readSettings reads the file; without one, or without a server in it, the
// resolver of this machine is asked.
func readSettings(path string) settings {
	var text []byte
	if f, err := os.Open(path); err == nil {
		text, _ = io.ReadAll(io.LimitReader(f, 64<<10))
		f.Close()
	}
	return parseSettings(string(text))
}

func parseSettings(text string) settings {
	s := settings{timeout: 5 * time.Second, attempts: 2}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if ip, err := netip.ParseAddr(words[1]); err == nil && len(s.servers) < 3 { // MAXNS of resolv.conf(5)
				s.servers = append(s.servers, netip.AddrPortFrom(ip, 53))
			}
		case "options":
			s.options(words[1:])
		}
	}
	if s.servers == nil {
		s.servers = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}
	}
	return s
}

func (s *settings) options(words []string) {
	for _, word := range words {
		name, value, _ := strings.Cut(word, ":")
		n, err := strconv.Atoi(value)
		switch {
		case err != nil || n < 1:
		case name == "timeout":
			s.timeout = time.Duration(min(n, 30)) * time.Second // the caps of resolv.conf(5)
		case name == "attempts":
			s.attempts = min(n, 5)
		}
	}
}

package serve

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
	"mailchute/relay/route"
)

// checkCircle finds a way out of the server that leads into one of its own ears:
// what it sends there would come back, until the hop limit ends it.
func checkCircle(c *config.Config, ears []config.Listen) error {
	for _, a := range c.All() {
		for _, h := range a.Smarthosts {
			i := slices.IndexFunc(ears, func(l config.Listen) bool { return leadsTo(h, l) })
			if i < 0 {
				continue
			}
			where := "smarthost"
			if a.Name != "" {
				where = "account." + a.Name + ".smarthost"
			}
			return &exit.ConfigError{Err: fmt.Errorf("%s: %s: %q is the socket %q that serve itself listens on, and mail would go round in a circle; "+
				"serve needs a configuration of its own with the smarthost of your provider, named with -C", c.Path, where, h, ears[i].Address)}
		}
	}
	return nil
}

// leadsTo tells whether a connection to h ends at the ear l. Names that only the
// DNS knows are not asked for: a server must come up without it.
func leadsTo(h route.Smarthost, l config.Listen) bool {
	switch {
	case h.Scheme == route.Unix:
		return l.Network == "unix" && sameSocket(h.Path, l.Address)
	case l.Network == "unix", h.Scheme == route.SRV, h.Scheme == route.MX:
		return false
	}
	host, port, err := net.SplitHostPort(l.Address)
	if err != nil || port != strconv.Itoa(h.Port) {
		return false
	}
	ear, err := netip.ParseAddr(host)
	return err == nil && slices.Contains(localAddresses(h.Host, "/etc/hosts"), ear.Unmap())
}

// sameSocket tells whether two paths are one socket, whether or not it is there
// already: another spelling, or a symbolic link to it or to a directory above it.
func sameSocket(a, b string) bool {
	const steps = 100
	left, right := steps, steps
	if resolve(a, &left) == resolve(b, &right) {
		return true
	}
	one, err1 := os.Stat(a)
	two, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, two)
}

// resolve follows the links of as much of a path as there is, also a link to what is
// not there yet. left is how many steps it may take: links can go round.
func resolve(path string, left *int) string {
	for *left > 0 && path != filepath.Dir(path) {
		*left--
		if p, err := filepath.EvalSymlinks(path); err == nil {
			return p
		}
		path = filepath.Join(resolve(filepath.Dir(path), left), filepath.Base(path))
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return filepath.Clean(path)
}

// localAddresses is the addresses that a host is known to have without the DNS: an
// address is itself, localhost is loopback by RFC 6761 section 6.3, and hosts(5)
// has the rest. To the unspecified address a system connects on loopback.
func localAddresses(host, hosts string) []netip.Addr {
	loopback := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.IsUnspecified() {
			return loopback
		}
		return []netip.Addr{ip.Unmap()}
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return loopback
	}
	return hostsAddresses(host, hosts)
}

// hostsAddresses is the addresses of a name in a file such as hosts(5).
func hostsAddresses(host, file string) (found []netip.Addr) {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(io.LimitReader(f, 1<<20)); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) < 2 || !slices.ContainsFunc(words[1:], func(w string) bool { return strings.EqualFold(w, host) }) {
			continue
		}
		if ip, err := netip.ParseAddr(words[0]); err == nil {
			found = append(found, ip.Unmap())
		}
	}
	return found
}

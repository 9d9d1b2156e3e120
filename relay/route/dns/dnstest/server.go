// Package dnstest is a name server for tests. It answers from a zone in a few
// lines of text, on a port of its own on loopback, by UDP and TCP.
//
//	example.org     MX    10 mx.example.org
//	mx.example.org  A     127.0.0.2
//	_25._tcp.mx.example.org TLSA 3 1 1 0102...
//	alias.example   CNAME example.org
//	slow.example    FAIL
//	plain.example   INSECURE
//
// A name that no line begins with does not exist. FAIL makes the server fail
// (SERVFAIL) for a name, INSECURE takes the AD bit off its answers, and "FAIL TLSA"
// fails for one type alone.
package dnstest

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Server is one name server.
type Server struct {
	Addr netip.AddrPort

	mu    sync.Mutex
	lines [][]string
	asked []string
	ad    bool
}

// New starts a server that ends with the test. validated sets the AD bit.
func New(t testing.TB, zone string, validated bool) *Server {
	t.Helper()
	return At(t, "127.0.0.1:0", zone, validated)
}

// At is New at a given address, UDP and TCP.
func At(t testing.TB, address, zone string, validated bool) *Server {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	s := &Server{Addr: netip.MustParseAddrPort(l.Addr().String()), ad: validated}
	s.Set(zone)
	go s.udp(u)
	go s.tcp(l)
	return s
}

// Set replaces the zone.
func (s *Server) Set(zone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
	for line := range strings.Lines(zone) {
		if f := strings.Fields(line); len(f) >= 2 {
			s.lines = append(s.lines, f)
		}
	}
}

// Asked is the questions so far, as "MX example.org".
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *Server) udp(u net.PacketConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := u.ReadFrom(buf)
		if err != nil {
			return
		}
		if a := s.answer(buf[:n], 1232); a != nil {
			_, _ = u.WriteTo(a, from)
		}
	}
}

func (s *Server) tcp(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var n [2]byte
			if _, err := io.ReadFull(c, n[:]); err != nil {
				return
			}
			q := make([]byte, binary.BigEndian.Uint16(n[:]))
			if _, err := io.ReadFull(c, q); err != nil {
				return
			}
			a := s.answer(q, 65535)
			_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...))
		}()
	}
}

func (s *Server) answer(query []byte, room int) []byte {
	var q dnsmessage.Message
	if q.Unpack(query) != nil || len(q.Questions) != 1 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ask := q.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(ask.Name.String(), "."))
	s.asked = append(s.asked, typeName(ask.Type)+" "+name)
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true, AuthenticData: s.ad},
		Questions: q.Questions,
	}
	m.RCode = dnsmessage.RCodeNameError
	s.fill(&m, name, ask.Type)
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	if len(packed) > room {
		m.Answers, m.Truncated = nil, true
		packed, _ = m.Pack()
	}
	return packed
}

func (s *Server) fill(m *dnsmessage.Message, name string, t dnsmessage.Type) {
	for range 20 {
		alias := ""
		for _, f := range s.lines {
			if strings.ToLower(f[0]) != name {
				continue
			}
			switch {
			case f[1] == "FAIL" && (len(f) == 2 || f[2] == typeName(t)):
				m.RCode = dnsmessage.RCodeServerFailure
				return
			case f[1] == "INSECURE":
				m.AuthenticData = false
			}
			m.RCode = dnsmessage.RCodeSuccess
			if f[1] == "CNAME" {
				alias = f[2]
			}
			if f[1] == typeName(t) || f[1] == "CNAME" {
				m.Answers = append(m.Answers, record(name, f[1], f[2:]))
			}
		}
		if alias == "" {
			return
		}
		name = alias
	}
}

func record(name, kind string, f []string) dnsmessage.Resource {
	r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Class: dnsmessage.ClassINET, TTL: 60}}
	switch kind {
	case "A":
		r.Body = &dnsmessage.AResource{A: netip.MustParseAddr(f[0]).As4()}
	case "AAAA":
		r.Body = &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(f[0]).As16()}
	case "CNAME":
		r.Body = &dnsmessage.CNAMEResource{CNAME: host(f[0])}
	case "MX":
		r.Body = &dnsmessage.MXResource{Pref: number(f[0]), MX: host(f[1])}
	case "SRV":
		r.Body = &dnsmessage.SRVResource{Priority: number(f[0]), Weight: number(f[1]), Port: number(f[2]), Target: host(f[3])}
	case "TXT":
		r.Body = &dnsmessage.TXTResource{TXT: []string{strings.Join(f, " ")}}
	case "TLSA":
		data, err := hex.DecodeString(f[3])
		if err != nil {
			panic(err)
		}
		head := []byte{byte(number(f[0])), byte(number(f[1])), byte(number(f[2]))}
		r.Header.Type = 52
		r.Body = &dnsmessage.UnknownResource{Type: 52, Data: append(head, data...)}
	}
	return r
}

func host(s string) dnsmessage.Name {
	return dnsmessage.MustNewName(strings.TrimSuffix(s, ".") + ".")
}

func number(s string) uint16 {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		panic(err)
	}
	return uint16(n)
}

func typeName(t dnsmessage.Type) string {
	if t == 52 {
		return "TLSA"
	}
	return strings.TrimPrefix(t.String(), "Type")
}

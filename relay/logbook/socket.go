package logbook

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// facilityMail and the severities are RFC 3164 section 4.1.1.
const (
	facilityMail    = 2
	severityWarning = 4
	severityInfo    = 6
)

func (r Record) severity() int {
	if r.alarming() {
		return severityWarning
	}
	return severityInfo
}

// toSockets sends to the journal's own socket, and to the syslog socket when
// nobody listens there.
func (b *Book) toSockets(journal, syslog string) {
	sinks := []*sink{
		{path: journal, networks: []string{"unixgram"}, packet: b.journalPacket},
		{path: syslog, networks: []string{"unixgram", "unix"}, packet: b.syslogPacket},
	}
	b.write = func(r Record) error {
		deadline := b.until()
		var err error
		for _, s := range sinks {
			if err = s.send(r, deadline); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		b.stalled = errors.Is(err, os.ErrDeadlineExceeded)
		if errors.Is(err, os.ErrNotExist) {
			return nil // there is no log on this machine
		}
		return err
	}
	b.close = func() error { return errors.Join(sinks[0].hangUp(), sinks[1].hangUp()) }
}

// syslogPacket is a message as a syslog daemon takes it from its own machine: RFC
// 3164 without the host name.
func (b *Book) syslogPacket(r Record) []byte {
	fitted, line := b.form.fit(r)
	packet := fmt.Appendf(nil, "<%d>%s %s[%d]: ",
		facilityMail<<3|fitted.severity(), fitted.Time.Local().Format(time.Stamp), b.tag, os.Getpid())
	return append(packet, line...)
}

// sink is a socket with somebody behind it who takes records.
type sink struct {
	path     string
	networks []string // to try, in order
	packet   func(Record) []byte
	conn     net.Conn
}

// send gives r to the sink. A connection from an earlier record may have died
// with the daemon at its other end; then a new one is made.
func (s *sink) send(r Record, deadline time.Time) error {
	if s.conn != nil {
		err := s.put(s.packet(r), deadline)
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	if err := s.dial(); err != nil { // no packet is made for a journal that is not there
		return err
	}
	return s.put(s.packet(r), deadline)
}

// put writes one packet; a stream gets a line end behind it (RFC 6587 section
// 3.4.2). A connection with trouble is not used again: part of a packet may be
// on its way.
func (s *sink) put(packet []byte, deadline time.Time) error {
	_ = s.conn.SetWriteDeadline(deadline)
	if s.conn.RemoteAddr().Network() == "unix" {
		packet = append(bytes.Clone(packet), '\n')
	}
	_, err := s.conn.Write(packet)
	if err != nil {
		_ = s.hangUp()
	}
	return err
}

// dial connects. On a socket of the machine that is done at once or not at all: one
// whose queue is full is an error.
func (s *sink) dial() error {
	var err error
	for _, network := range s.networks {
		var conn *net.UnixConn
		if conn, err = net.DialUnix(network, nil, &net.UnixAddr{Name: s.path, Net: network}); err == nil {
			s.conn = conn
			return nil
		}
		if !errors.Is(err, syscall.EPROTOTYPE) {
			break // only another kind of socket would be worth another try
		}
	}
	return err
}

func (s *sink) hangUp() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

package main

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"sync"
	"time"
)

// sink is a smarthost that takes everything and counts the copies of each
// message. Messages are numbered: that with the number 7 goes to n7@example.org.
type sink struct {
	listener net.Listener
	mu       sync.Mutex
	copies   []int
	distinct int       // messages of which a copy came
	last     time.Time // when the last first copy came
	arrived  *sync.Cond
	open     int // connections
	most     int // of them at a time
	total    int
	broken   int // that ended without QUIT
}

func newSink(messages int) (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l, copies: make([]int, messages)}
	s.arrived = sync.NewCond(&s.mu)
	go s.serve()
	return s, nil
}

func (s *sink) address() string { return s.listener.Addr().String() }

func (s *sink) close() { s.listener.Close() }

func (s *sink) serve() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open++
		s.total++
		s.most = max(s.most, s.open)
		s.mu.Unlock()
		go func() {
			quit := s.session(c)
			c.Close()
			s.mu.Lock()
			s.open--
			if !quit {
				s.broken++
			}
			s.mu.Unlock()
			s.arrived.Broadcast()
		}()
	}
}

// session serves a client. Replies go out when nothing more is there to be read.
func (s *sink) session(c net.Conn) (quit bool) {
	w := bufio.NewWriterSize(c, 1<<10)
	r := bufio.NewReaderSize(flushing{c, w}, 16<<10)
	w.WriteString("220 sink.example ESMTP\r\n")
	var numbers []int
	for {
		line, err := r.ReadSlice('\n')
		if err != nil || len(line) < 6 {
			return false
		}
		switch string(bytes.ToUpper(line[:4])) {
		case "EHLO":
			w.WriteString("250-sink.example\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n")
		case "MAIL":
			numbers = numbers[:0]
			w.WriteString("250 2.1.0 ok\r\n")
		case "RCPT":
			numbers = append(numbers, numberOf(line))
			w.WriteString("250 2.1.5 ok\r\n")
		case "DATA":
			w.WriteString("354 go on\r\n")
			if !skipText(r) {
				return false
			}
			s.count(numbers)
			w.WriteString("250 2.0.0 taken\r\n")
		case "QUIT":
			w.WriteString("221 bye\r\n")
			w.Flush()
			return true
		default:
			w.WriteString("250 ok\r\n")
		}
	}
}

// flushing writes what waits before it reads.
type flushing struct {
	net.Conn
	w *bufio.Writer
}

func (f flushing) Read(p []byte) (int, error) {
	if err := f.w.Flush(); err != nil {
		return 0, err
	}
	return f.Conn.Read(p)
}

// skipText reads up to the lone dot.
func skipText(r *bufio.Reader) bool {
	for begins := true; ; {
		line, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			begins = false
			continue
		}
		if err != nil {
			return false
		}
		if begins && string(line) == ".\r\n" {
			return true
		}
		begins = true
	}
}

// numberOf is the number in RCPT TO:<n7@example.org>; -1 where there is none.
func numberOf(line []byte) int {
	_, rest, _ := bytes.Cut(line, []byte("<n"))
	digits, _, ok := bytes.Cut(rest, []byte("@"))
	n, err := strconv.Atoi(string(digits))
	if !ok || err != nil {
		return -1
	}
	return n
}

func (s *sink) count(numbers []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range numbers {
		if n < 0 || n >= len(s.copies) {
			continue
		}
		if s.copies[n]++; s.copies[n] == 1 {
			s.distinct++
			s.last = time.Now()
		}
	}
	if s.distinct == len(s.copies) {
		s.arrived.Broadcast()
	}
}

// wait waits until a copy of each message came, at most for a time; it tells how
// many came.
func (s *sink) wait(longest time.Duration) int {
	over := false
	stop := time.AfterFunc(longest, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		over = true
		s.arrived.Broadcast()
	})
	defer stop.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.distinct < len(s.copies) && !over {
		s.arrived.Wait()
	}
	return s.distinct
}

// settle waits until all connections have ended.
func (s *sink) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open > 0 {
		s.arrived.Wait()
	}
}

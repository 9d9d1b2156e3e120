package metrics

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The limits of a scrape.
const (
	atATime    = 16
	toAsk      = time.Second           // for a request
	toBegin    = 50 * time.Millisecond // the same while others wait
	toListen   = 5 * time.Second       // for taking the answer
	maxRequest = 8 << 10               // octets
	path       = "/metrics"
)

// Serve answers on l until it is closed: GET and HEAD of /metrics with the page, all
// else with an error. It speaks the little of HTTP/1.1 (RFC 9112) that a scrape takes,
// and closes each connection behind its answer: package net/http would cost every
// start of the program. Where all places are taken, whoever has said nothing for
// the longest time gives up his.
func Serve(l net.Listener, page func() []byte) {
	places := make(chan struct{}, atATime)
	var q quiet
	pause := time.Millisecond
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptors are left; some will be
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		}
		pause = time.Millisecond
		q.makeWay(places)
		q.add(c, time.Now())
		go func() {
			defer func() { <-places }()
			defer c.Close()
			c.SetDeadline(time.Now().Add(toAsk))
			method, status := request(c)
			q.remove(c)
			c.SetDeadline(time.Now().Add(toListen))
			answer(c, method, status, page)
		}()
	}
}

// answer answers a request.
func answer(w io.Writer, method, status string, page func() []byte) {
	if status == "" { // nothing that could be answered
		return
	}
	kind, body := "text/plain; charset=utf-8", []byte(status+"\n")
	if status == ok {
		kind, body = contentType, page()
	}
	head := fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n", status, kind, len(body))
	if status == notAllowed {
		head += "Allow: GET, HEAD\r\n"
	}
	if method == "HEAD" {
		body = nil
	}
	w.Write(append([]byte(head+"\r\n"), body...))
}

// The statuses of answers.
const (
	ok         = "200 OK"
	malformed  = "400 Bad Request"
	unknown    = "404 Not Found"
	notAllowed = "405 Method Not Allowed"
	tooLarge   = "431 Request Header Fields Too Large"
)

// request reads a request to the end of its header, and judges it. The status is ""
// when the client went away, or took too long.
func request(r io.Reader) (method, status string) {
	limited := &io.LimitedReader{R: r, N: maxRequest}
	br := bufio.NewReader(limited)
	first, err := br.ReadString('\n')
	for line := first; err == nil && strings.TrimRight(line, "\r\n") != ""; {
		line, err = br.ReadString('\n')
	}
	switch {
	case err != nil && limited.N == 0:
		return "", tooLarge
	case err != nil:
		return "", ""
	}
	words := strings.Split(strings.TrimRight(first, "\r\n"), " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
		return "", malformed
	}
	switch method = words[0]; {
	case pathOf(words[1]) != path:
		return method, unknown
	case method != "GET" && method != "HEAD":
		return method, notAllowed
	}
	return method, ok
}

// pathOf is the path of a request's target, in the origin form or in the absolute form
// that a server has to take too (RFC 9112 section 3.2).
func pathOf(target string) string {
	target, _, _ = strings.Cut(target, "?")
	const scheme = "http://"
	if len(target) > len(scheme) && strings.EqualFold(target[:len(scheme)], scheme) {
		_, rest, _ := strings.Cut(target[len(scheme):], "/")
		return "/" + rest
	}
	return target
}

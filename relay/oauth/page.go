package oauth

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"mailchute/relay/web"
)

// browserTime is how long a browser may take to say what it wants; maxVisit how
// much it may say.
const (
	browserTime = 10 * time.Second
	maxVisit    = 32 << 10
)

// maxVisits is how many browsers are heard at once; acceptPause how long to wait
// where none could be let in.
const (
	maxVisits   = 16
	acceptPause = 100 * time.Millisecond
)

// listen lets browsers in until the port is closed. One answer is taken; whoever
// else knocks is sent away and changes nothing. Any user of this machine can knock,
// and say nothing: of too many the first ones are sent away, as a browser says what
// it wants at once.
func (b *Loopback) listen() {
	var visits [maxVisits]net.Conn
	for n := 0; ; {
		conn, err := b.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // out of descriptors, say; that passes
			time.Sleep(acceptPause)
			continue
		}
		if first := visits[n%maxVisits]; first != nil {
			_ = first.Close()
		}
		visits[n%maxVisits] = conn
		n++
		go b.visit(conn)
	}
}

// visit answers one browser.
func (b *Loopback) visit(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(browserTime))
	target, host, err := readVisit(conn)
	if err != nil {
		return
	}
	query, ok := meant(target, host)
	if !ok {
		page(conn, "404 Not Found", "There is nothing here.")
		return
	}
	switch err := b.check(query); {
	case err != nil:
		page(conn, "400 Bad Request", "This is not the answer that mailchute waits for.")
		return
	case query.Get("error") != "":
		page(conn, "200 OK", "The login was refused. The terminal says more; this window can be closed.")
	default:
		page(conn, "200 OK", "mailchute goes on in the terminal. This window can be closed.")
	}
	_ = b.take(query) // last: the program may end soon after
}

// readVisit reads the head of a request: what it asks for, and from which host. The
// method is GET; whatever content follows is not read.
func readVisit(conn io.Reader) (target, host string, err error) {
	in := bufio.NewScanner(io.LimitReader(conn, maxVisit))
	in.Buffer(nil, maxVisit)
	for first := true; in.Scan(); first = false {
		line := strings.TrimSuffix(in.Text(), "\r")
		if line == "" {
			return target, host, nil
		}
		if first {
			words := strings.Split(line, " ")
			if len(words) != 3 || words[0] != "GET" || !strings.HasPrefix(words[2], "HTTP/1.") {
				return "", "", errors.New("no request that is understood")
			}
			target = words[1]
		}
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "host") {
			host = strings.TrimSpace(value)
		}
	}
	return "", "", io.ErrUnexpectedEOF
}

// meant is the query of a request for the address that the browser was to come back
// to. A page of the web that was given a name of this machine by its own name
// server is told by its Host.
func meant(target, host string) (url.Values, bool) {
	u, err := url.Parse(target)
	if err != nil || u.Path != "/" || u.Host != "" {
		return nil, false
	}
	name, _, err := net.SplitHostPort(host)
	return u.Query(), err == nil && (name == "localhost" || web.IsLoopback(name))
}

// page sends a page that runs nothing, is kept nowhere and tells nobody where it
// came from.
func page(w io.Writer, status, text string) {
	content := "<!DOCTYPE html>\n<html lang=\"en\"><head><title>mailchute</title></head><body><p>" + text + "</p></body></html>\n"
	_, _ = fmt.Fprintf(w, "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n"+
		"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n"+
		"X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%s", status, len(content), content)
}

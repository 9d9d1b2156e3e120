package sts

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Fetcher gets policies over HTTPS. It speaks just the HTTP/1.1 that one GET
// takes: package net/http would cost every start of the program.
type Fetcher struct {
	Roots   *x509.CertPool // nil: the issuers that the system trusts
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Timeout time.Duration // for all of it; 0 is the minute of RFC 8461 section 3.3
}

// Fetch gets a domain's policy from its well-known place, RFC 8461 section 3.3.
func (f Fetcher) Fetch(ctx context.Context, domain string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(f.Timeout, time.Minute))
	defer cancel()
	host := "mta-sts." + domain
	text, err := f.get(ctx, host)
	if err != nil {
		return "", fmt.Errorf("policy of %s: %w", host, err)
	}
	return text, nil
}

func (f Fetcher) get(ctx context.Context, host string) (string, error) {
	dial := f.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	raw, err := dial(ctx, "tcp", net.JoinHostPort(host, "443"))
	if err != nil {
		return "", err
	}
	defer raw.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = raw.SetDeadline(deadline)
	}
	defer context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })()
	conn := tls.Client(raw, &tls.Config{ServerName: host, RootCAs: f.Roots, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		return "", err
	}
	request := "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: mailchute\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return "", err
	}
	return readResponse(conn)
}

// readResponse reads one HTTP response with a policy in it. Any octets may come.
func readResponse(r io.Reader) (string, error) {
	in := textproto.NewReader(bufio.NewReader(io.LimitReader(r, 2*maxText+8192)))
	status, err := in.ReadLine()
	if err != nil {
		return "", err
	}
	version, rest, _ := strings.Cut(status, " ")
	if code, _, _ := strings.Cut(rest, " "); !strings.HasPrefix(version, "HTTP/1.") || code != "200" {
		return "", errors.New("the answer is not 200 OK") // redirects are not followed: RFC 8461 section 3.3
	}
	header, err := in.ReadMIMEHeader()
	if err != nil {
		return "", err
	}
	if kind, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || kind != "text/plain" {
		return "", errors.New("the answer is not text/plain") // section 3.2
	}
	body, err := readBody(in, header)
	if err == nil && len(body) > maxText {
		err = fmt.Errorf("the policy is longer than %d octets", maxText)
	}
	return body, err
}

// readBody is RFC 9112 section 6.3.
func readBody(in *textproto.Reader, header textproto.MIMEHeader) (string, error) {
	var body []byte
	var err error
	switch {
	case strings.EqualFold(header.Get("Transfer-Encoding"), "chunked"):
		body, err = readChunks(in)
	case header.Get("Transfer-Encoding") != "":
		err = errors.New("the answer is coded in a way that nobody asked for")
	case header.Get("Content-Length") != "":
		n, wrong := strconv.ParseUint(header.Get("Content-Length"), 10, 31)
		if wrong != nil || n > maxText {
			return "", errors.New("the answer has no length that makes sense")
		}
		body = make([]byte, n)
		_, err = io.ReadFull(in.R, body)
	default: // TLS says whether the end is the end
		body, err = io.ReadAll(io.LimitReader(in.R, maxText+1))
	}
	return string(body), err
}

// readChunks is RFC 9112 section 7.1, without trailers: nobody reads on.
func readChunks(in *textproto.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := in.ReadLine()
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil || n > uint64(maxText-len(body)) {
			return nil, errors.New("a chunk of the answer has no size that makes sense")
		}
		if n == 0 {
			return body, nil
		}
		at := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(in.R, body[at:]); err != nil {
			return nil, err
		}
		if end, err := in.ReadLine(); err != nil || end != "" {
			return nil, errors.New("a chunk of the answer does not end where it says")
		}
	}
}

// Package web is one HTTP/1.1 request over verified TLS, and its answer (RFC 9110,
// RFC 9112). It speaks just what one exchange on a connection of its own takes:
// package net/http would make the program a sixth larger and cost every start of it.
//
// It follows no redirect, keeps no cookie and no connection, and reads no more than
// it was told to. Plain HTTP goes to loopback only.
package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// Client makes the connections. The zero value is ready for use.
type Client struct {
	Roots   *x509.CertPool                                                       // nil: the issuers that the system trusts
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: a net.Dialer
	Timeout time.Duration                                                        // for all of an exchange; 0 is a minute
}

// Request is one request.
type Request struct {
	Method  string
	Address string   // https, or http to a literal loopback address
	Header  []string // "Accept: text/plain"; Host, Connection and Content-Length are added
	Body    []byte
	Limit   int // octets of the answer's content that are read; more is an error
}

// Answer is what came back. Any octets may be in it.
type Answer struct {
	Status int
	Type   string // the media type of the content, lower case, without parameters; "" when there is none
	Body   []byte
}

// Check tells what is wrong with the address of a request that holds secrets: it
// must be https, or http to this machine, where nobody is on the way.
func Check(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, fmt.Errorf("is no https address: %q", address)
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("must hold neither a user nor a fragment")
	case u.Scheme == "https", u.Scheme == "http" && IsLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("must begin with https://, not %q", u.Scheme+"://")
}

// IsLoopback tells whether a host is this machine, whatever a name server says.
func IsLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Do makes the request and reads the answer, whatever its status.
func (c Client) Do(ctx context.Context, r Request) (*Answer, error) {
	u, err := parse(r.Address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, time.Minute))
	defer cancel()
	conn, err := c.connect(ctx, u)
	if err != nil {
		return nil, orLate(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	a, err := exchange(conn, r, u)
	return a, orLate(ctx, err)
}

// connect is a connection to the host of an address that ends with ctx.
func (c Client) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	port := cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])
	raw, err := dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = raw.Close() })
	if u.Scheme == "http" {
		return raw, nil
	}
	conn := tls.Client(raw, &tls.Config{ServerName: u.Hostname(), RootCAs: c.Roots, MinVersion: tls.VersionTLS12})
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// exchange writes the request and reads the answer.
func exchange(conn net.Conn, r Request, u *url.URL) (*Answer, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: mailchute\r\nConnection: close\r\n", r.Method, u.RequestURI(), u.Host)
	if r.Method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	for _, line := range r.Header {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(r.Body)
	if _, err := conn.Write(b.Bytes()); err != nil {
		return nil, err
	}
	return readAnswer(conn, r.Limit)
}

// errLate takes the place of what a connection says that was closed under it.
var errLate = errors.New("it took too long")

// orLate is err, or why the connection was closed.
func orLate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errLate
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}

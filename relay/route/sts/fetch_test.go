package sts

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// host serves policies as mta-sts.example.com, which httptest's certificate is
// for; other domains get the same certificate.
func host(t *testing.T, h http.HandlerFunc) Fetcher {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return Fetcher{Roots: roots, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "mta-sts.") || !strings.HasSuffix(address, ":443") {
			t.Errorf("connects to %s", address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}}
}

func TestFetch(t *testing.T) {
	plain := func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/plain; charset=utf-8") }
	for _, tt := range []struct {
		name   string
		domain string
		serve  http.HandlerFunc
		want   string
		err    string
	}{
		{"with a length", "example.com", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/.well-known/mta-sts.txt" || r.Host != "mta-sts.example.com" {
				t.Errorf("asked for %s %s", r.Host, r.URL)
			}
			plain(w)
			_, _ = w.Write([]byte("hello"))
		}, "hello", ""},
		{"in chunks", "example.com", func(w http.ResponseWriter, _ *http.Request) {
			plain(w)
			for range 3 {
				_, _ = w.Write([]byte("hello\n"))
				w.(http.Flusher).Flush()
			}
		}, "hello\nhello\nhello\n", ""},
		{"redirects are not followed", "example.com", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusMovedPermanently) }, "", "not 200"},
		{"not there", "example.com", http.NotFound, "", "not 200"},
		{"a web page", "example.com", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>"))
		}, "", "text/plain"},
		{"too much, with a length", "example.com", func(w http.ResponseWriter, _ *http.Request) {
			plain(w)
			w.Header().Set("Content-Length", "70000")
			_, _ = w.Write(make([]byte, 70000))
		}, "", "longer than 65536 octets"},
		{"too much, in chunks", "example.com", func(w http.ResponseWriter, _ *http.Request) {
			plain(w)
			for range 20 {
				_, _ = w.Write(make([]byte, 10000))
				w.(http.Flusher).Flush()
			}
		}, "", "longer than 65536 octets"},
		{"a certificate for another name", "example.net", func(w http.ResponseWriter, _ *http.Request) { plain(w) }, "", "certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := host(t, tt.serve).Fetch(t.Context(), tt.domain)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %q, %v", got, err)
				}
			} else if err != nil || got != tt.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

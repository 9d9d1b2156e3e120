package web

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// server is a TLS server and a client that trusts it and reaches it by any name.
func server(t *testing.T, h http.HandlerFunc) Client {
	t.Helper()
	s := httptest.NewTLSServer(h)
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return Client{Roots: roots, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}}
}

func TestARequestArrivesAsItWasMade(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.Host != "example.com" || r.URL.RequestURI() != "/a%20b?c=d" || r.Header.Get("X-Own") != "yes" || string(body) != "text" {
			t.Errorf("%s %s %s %v %q", r.Method, r.Host, r.URL, r.Header, body)
		}
		w.Header().Set("Content-Type", "Application/JSON; charset=utf-8")
		w.WriteHeader(418)
		_, _ = w.Write([]byte("{}"))
	})
	a, err := c.Do(t.Context(), Request{Method: "POST", Address: "https://example.com/a%20b?c=d", Header: []string{"X-Own: yes"}, Body: []byte("text"), Limit: 10})
	if err != nil || a.Status != 418 || a.Type != "application/json" || string(a.Body) != "{}" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestARedirectIsAnAnswerLikeAnyOther(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("followed to %s", r.URL)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	if a, err := c.Do(t.Context(), Request{Method: "POST", Address: "https://example.com/", Limit: 100}); err != nil || a.Status != 307 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestNothingIsSentWhereOthersCouldReadIt(t *testing.T) {
	for address, want := range map[string]string{
		"http://example.com/":        "must begin with https://",
		"http://localhost/":          "must begin with https://",
		"ftp://example.com/":         "must begin with https://",
		"https://me:pw@example.com/": "must hold neither",
		"https://example.com/#x":     "must hold neither",
		"https:///x":                 "no https address",
		"https:example.com":          "no https address",
		"example.com":                "no https address",
		"":                           "no https address",
		"https://a\nb/":              "no https address",
	} {
		_, err := Client{Dial: func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%q: connects", address)
			return nil, io.EOF
		}}.Do(t.Context(), Request{Method: "GET", Address: address})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", address, err)
		}
		if Check(address) == nil {
			t.Errorf("%q passes", address)
		}
	}
	for _, address := range []string{"https://example.com", "https://example.com:8443/x?y", "http://127.0.0.1:99/", "http://[::1]/"} {
		if err := Check(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestACertificateIsVerified(t *testing.T) {
	h := func(http.ResponseWriter, *http.Request) { t.Error("the request got through") }
	c := server(t, h)
	if _, err := c.Do(t.Context(), Request{Method: "GET", Address: "https://example.net/"}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("another name: %v", err)
	}
	c.Roots = nil
	if _, err := c.Do(t.Context(), Request{Method: "GET", Address: "https://example.com/"}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown issuer: %v", err)
	}
}

func TestAnExchangeEndsInTime(t *testing.T) {
	over := make(chan struct{})
	c := server(t, func(http.ResponseWriter, *http.Request) { <-over })
	defer close(over)
	c.Timeout = 20 * time.Millisecond
	if _, err := c.Do(t.Context(), Request{Method: "GET", Address: "https://example.com/"}); err == nil || err.Error() != "it took too long" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.Timeout = 0
	if _, err := c.Do(ctx, Request{Method: "GET", Address: "https://example.com/"}); err == nil {
		t.Error("no error")
	}
}

func TestAnAnswer(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct{ name, text, want, err string }{
		{"with a length", ok + "Content-Length: 5\r\n\r\nhello, world", "hello", ""},
		{"up to the end", ok + "\r\nhello", "hello", ""},
		{"in chunks", ok + "Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!", ""},
		{"behind a 100", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\nhello", "hello", ""},
		{"without content", "HTTP/1.1 204 No Content\r\n\r\nhello", "", ""},
		{"that is cut in the head", ok, "", "EOF"},
		{"that is nothing", "", "", "EOF"},
		{"that is cut in the content", ok + "Content-Length: 9\r\n\r\nhello", "", "EOF"},
		{"that is cut in a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "", "EOF"},
		{"with a chunk that does not end", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n", "", "does not end"},
		{"with a chunk of no size", ok + "Transfer-Encoding: chunked\r\n\r\n-3\r\nhello\r\n", "", "no size"},
		{"with a chunk that is too long", ok + "Transfer-Encoding: chunked\r\n\r\nffffff\r\n", "", "longer than 20 octets"},
		{"that is packed", ok + "Content-Encoding: gzip\r\n\r\nhello", "", "nobody asked for"},
		{"coded in another way", ok + "Transfer-Encoding: gzip\r\n\r\nhello", "", "nobody asked for"},
		{"with a length that is none", ok + "Content-Length: many\r\n\r\nhello", "", "no length"},
		{"with a length that is too long", ok + "Content-Length: 21\r\n\r\n", "", "longer than 20 octets"},
		{"that is too long", ok + "\r\n" + strings.Repeat("x", 21), "", "longer than 20 octets"},
		{"of another protocol", "SSH-2.0-x\r\n\r\n", "", "not HTTP"},
		{"without a status", "HTTP/1.1 \r\n\r\n", "", "not HTTP"},
		{"that never comes", strings.Repeat("HTTP/1.1 102 Wait\r\n\r\n", 9), "", "never comes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := readAnswer(strings.NewReader(tt.text), 20)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%+v, %v, want %q", a, err, tt.err)
				}
			} else if err != nil || string(a.Body) != tt.want {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	f.Fuzz(func(t *testing.T, text string) {
		const limit = 100
		a, err := readAnswer(strings.NewReader(text), limit)
		if err == nil && (len(a.Body) > limit || a.Status < 200 || a.Status > 999) {
			t.Errorf("%+v", a)
		}
	})
}

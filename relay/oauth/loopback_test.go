package oauth

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// begin begins a login in a browser; the query is what the address asks for.
func begin(t *testing.T, a *authority) (*Loopback, url.Values, <-chan error) {
	t.Helper()
	c := a.client()
	b, err := c.NewLoopback("me")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	u, err := url.Parse(b.Address)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		token, err := b.Wait(t.Context())
		if err == nil && token.Access.Reveal() != "access-canary-1" {
			err = errors.New("another token")
		}
		done <- err
	}()
	return b, u.Query(), done
}

// visit is what a browser sees that is sent to an address.
func visit(t *testing.T, address, host string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("header %v", got.Header)
	}
	return got.StatusCode, string(text)
}

func TestABrowserComesBackWithACode(t *testing.T) {
	a := newAuthority(t)
	_, q, done := begin(t, a)
	for key, want := range map[string]string{"own": "1", "response_type": "code", "client_id": "client", "scope": "mail more", "login_hint": "me", "code_challenge_method": "S256"} {
		if q.Get(key) != want {
			t.Errorf("%s is %q, want %q", key, q.Get(key), want)
		}
	}
	back := q.Get("redirect_uri")
	if u, _ := url.Parse(back); u.Hostname() != "127.0.0.1" || u.Scheme != "http" || u.Path != "" {
		t.Errorf("comes back to %q", back)
	}
	state := "&state=" + q.Get("state")
	for path, want := range map[string]int{
		"/favicon.ico": 404, "/x?code=c" + state: 404, "/?code=c": 400, "/?code=c&state=guess": 400, "/?state=" + q.Get("state"): 400,
	} {
		if got, _ := visit(t, back+path, ""); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if got, _ := visit(t, back+"/?code=c"+state, "evil.example:80"); got != 404 {
		t.Errorf("by another name: %d", got)
	}
	if got, text := visit(t, back+"/?code=code-canary"+state, ""); got != 200 || !strings.Contains(text, "can be closed") || strings.Contains(text, "canary") {
		t.Errorf("%d %s", got, text)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	form := a.Forms()[0]
	if form.Get("code") != "code-canary" || form.Get("redirect_uri") != back || challenge(form.Get("code_verifier")) != q.Get("code_challenge") || len(form.Get("code_verifier")) < 43 {
		t.Errorf("exchanged %v", form)
	}
	if _, err := net.DialTimeout("tcp", strings.TrimPrefix(back, "http://"), time.Second); err == nil {
		t.Error("the port is still open")
	}
}

func TestTheAddressOfABrowserElsewhereIsPasted(t *testing.T) {
	a := newAuthority(t)
	b, q, done := begin(t, a)
	for _, text := range []string{"", "what?", "http://127.0.0.1:1/?code=c&state=guess", "%zz", q.Get("redirect_uri") + "/?state=" + q.Get("state")} {
		if err := b.Paste(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if err := b.Paste(" " + q.Get("redirect_uri") + "/?code=c&state=" + q.Get("state") + "\r"); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestALoginThatTheServerRefuses(t *testing.T) {
	a := newAuthority(t)
	_, q, done := begin(t, a)
	status, text := visit(t, q.Get("redirect_uri")+"/?error=access_denied&error_description=No%0Aentry&state="+q.Get("state"), "")
	if status != 200 || !strings.Contains(text, "refused") {
		t.Errorf("%d %s", status, text)
	}
	if err := <-done; err == nil || err.Error() != "waiting for the browser at 127.0.0.1: access_denied: No entry" {
		t.Errorf("got %v", err)
	}
}

func TestACodeThatIsNoGood(t *testing.T) {
	a := newAuthority(t)
	b, q, done := begin(t, a)
	a.Answers = []string{`400 {"error":"invalid_grant","error_description":"code-canary-long and ` + q.Get("state") + ` client-secret-canary"}`}
	if err := b.Paste("http://127.0.0.1/?code=code-canary-long&state=" + q.Get("state")); err != nil {
		t.Fatal(err)
	}
	err := <-done
	hushed(t, err)
	if err == nil || !strings.Contains(err.Error(), "exchanging the code at 127.0.0.1: invalid_grant: [secret] and ") {
		t.Errorf("got %v", err)
	}
}

func TestGarbageAtThePortChangesNothing(t *testing.T) {
	a := newAuthority(t)
	b, q, done := begin(t, a)
	for _, text := range []string{"", "\r\n", "GET\r\n\r\n", "POST / HTTP/1.1\r\n\r\n", "GET http://evil/?x HTTP/1.1\r\nHost: localhost:1\r\n\r\n", strings.Repeat("x", 2*maxVisit), "GET / HTTP/1.1\r\nHost: " + strings.Repeat("x", 2*maxVisit)} {
		c, err := net.Dial("tcp", b.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, text)
		_ = c.Close()
	}
	if status, _ := visit(t, q.Get("redirect_uri")+"/?code=c&state="+q.Get("state"), "localhost:9"); status != 200 {
		t.Errorf("status %d", status)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// stumbling is a listener that fails once for want of a descriptor.
type stumbling struct {
	net.Listener
	stumbled bool
}

func (s *stumbling) Accept() (net.Conn, error) {
	if !s.stumbled {
		s.stumbled = true
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return s.Listener.Accept()
}

func TestALoginOutlivesWantOfDescriptors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &Loopback{state: "s", listener: &stumbling{Listener: l}, answers: make(chan url.Values, 1)}
	done := make(chan struct{})
	go func() { defer close(done); b.listen() }()
	if status, _ := visit(t, "http://"+l.Addr().String()+"/?code=c&state=s", ""); status != 200 {
		t.Errorf("status %d", status)
	}
	b.Close()
	<-done
}

func TestWhoeverSaysNothingIsSentAwayForOthers(t *testing.T) {
	a := newAuthority(t)
	b, q, done := begin(t, a)
	var idle []net.Conn
	for range 3 * maxVisits {
		c, err := net.Dial("tcp", b.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle = append(idle, c)
	}
	_ = idle[0].SetReadDeadline(time.Now().Add(browserTime / 2))
	if _, err := idle[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the first one is still heard: %v", err)
	}
	if status, _ := visit(t, q.Get("redirect_uri")+"/?code=c&state="+q.Get("state"), ""); status != 200 {
		t.Errorf("status %d", status)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

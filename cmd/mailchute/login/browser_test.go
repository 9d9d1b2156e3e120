package login

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/inject/config"
	"mailchute/relay/oauth"
	"mailchute/relay/oauth/oauthtest"
)

// screen is a standard error that tells of each address that is to be opened.
type screen struct {
	bytes.Buffer
	addresses chan string
}

var authAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+/auth\?\S+`)

func (t *screen) Write(p []byte) (int, error) {
	if address := authAddress.Find(p); address != nil {
		t.addresses <- string(address)
	}
	return t.Buffer.Write(p)
}

// loginInBrowser runs mailchute login --browser; browse is what the person does with
// the address, and may type lines at the terminal.
func loginInBrowser(t *testing.T, browse func(address string, keyboard io.Writer)) (status exit.Status, stdout, stderr string) {
	t.Helper()
	a := oauthtest.New()
	t.Cleanup(a.Close)
	dir := t.TempDir()
	file := filepath.Join(dir, "mailchute.toml")
	text := strings.ReplaceAll(`smarthost = "smtp+plain://127.0.0.1:1"
user = "me@cloud.example"
oauth = {client_id = "client", client_secret = "secret-canary", scope = "mail", authorization_endpoint = "URL/auth", token_endpoint = "URL/token"}
`, "URL", a.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer keyboard.Close()
	shown, out := &screen{addresses: make(chan string, 1)}, &bytes.Buffer{}
	go func() { browse(<-shown.addresses, keyboard) }()
	status = (&Command{Config: file, Browser: true}).Do(t.Context(), face.Process{
		Stdin: in, Stdout: out, Stderr: shown,
		Getenv: func(name string) string {
			if name == "XDG_STATE_HOME" {
				return filepath.Join(dir, "state")
			}
			return ""
		},
	})
	return status, out.String(), shown.String()
}

func TestABrowserLogsIn(t *testing.T) {
	status, stdout, stderr := loginInBrowser(t, func(address string, _ io.Writer) {
		got, err := http.Get(address)
		if err != nil {
			t.Error(err)
			return
		}
		defer got.Body.Close()
		if text, _ := io.ReadAll(got.Body); !strings.Contains(string(text), "can be closed") {
			t.Errorf("the page says %q", text)
		}
	})
	if status != exit.OK || !strings.HasPrefix(stdout, "logged in as me@cloud.example; the token is in ") {
		t.Errorf("status %d, %q", status, stdout)
	}
	if strings.Contains(stdout+stderr, "canary") {
		t.Errorf("a secret shows: %s%s", stdout, stderr)
	}
}

func TestALoginThatIsOverReadsNoMoreOfTheTerminal(t *testing.T) {
	a := oauthtest.New()
	defer a.Close()
	in, keyboard, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer keyboard.Close()
	c := oauth.Client{Endpoints: oauth.Endpoints{Authorization: a.URL + "/auth", Token: a.URL + "/token"}, ID: "client"}
	shown := &screen{addresses: make(chan string, 1)}
	l := &subject{Process: face.Process{Stdin: in, Stderr: shown, Getenv: func(string) string { return "" }}, account: &config.Account{}, source: &oauth.Source{Client: c}}
	go func() {
		if got, err := http.Get(<-shown.addresses); err == nil {
			got.Body.Close()
		}
	}()
	if _, err := l.byBrowser(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(keyboard, "for another\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := terminal.ReadLine(in); err != nil || line != "for another" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestWhatABrowserElsewhereEndedAtIsPasted(t *testing.T) {
	status, stdout, stderr := loginInBrowser(t, func(address string, keyboard io.Writer) {
		c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		got, err := c.Get(address)
		if err != nil {
			t.Error(err)
			return
		}
		got.Body.Close()
		if _, err := io.WriteString(keyboard, "\nhttp://127.0.0.1/\n"+got.Header.Get("Location")+"\r\n"); err != nil {
			t.Error(err)
		}
	})
	if status != exit.OK || !strings.Contains(stdout, "logged in") {
		t.Errorf("status %d, %q", status, stdout)
	}
	if !strings.Contains(stderr, "that does not belong to this login; paste all of the address") || strings.Contains(stdout+stderr, "canary") {
		t.Errorf("said %s%s", stdout, stderr)
	}
}

func TestABrowserIsOpenedOnlyWhereSomebodySeesIt(t *testing.T) {
	for _, env := range []map[string]string{
		{"DISPLAY": ":0"}, {"DISPLAY": ":0", "SSH_CONNECTION": "x"}, {},
	} {
		l := &subject{Process: face.Process{Stderr: &bytes.Buffer{}, Getenv: func(name string) string { return env[name] }}}
		if got := l.opener(); got != "" {
			t.Errorf("%v: without a terminal %s is started", env, got)
		}
	}
	for _, address := range []string{"", "-x", "file:///etc/passwd", "javascript:x"} {
		if openBrowser("true", address) == nil {
			t.Errorf("%q is opened", address)
		}
	}
}

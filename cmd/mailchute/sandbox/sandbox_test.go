package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers/address"
)

const note = "From: Alice <alice@sandbox.example>\nTo: bob@example.org\nSubject: hello\n\nhi Bob\n"

// result is what a run of the sandbox did.
type result struct {
	exit           int
	err            error
	stdout, stderr string
}

// try runs the sandbox with this test binary in sendmail's place, and looks that
// nothing is left of it.
func try(t *testing.T, fake string, o Options, stdin string) result {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	o.Executable, o.Stdin, o.Stderr = executable, strings.NewReader(stdin), &errs
	if o.Stdout == nil {
		o.Stdout = &out
	}
	o.Env = append(append(os.Environ(), "FAKE="+fake), o.Env...)
	exit, err := Run(t.Context(), o)
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	return result{exit, err, out.String(), errs.String()}
}

func addr(s string) address.Addr { return mailbox(s) }

func (r result) good(t *testing.T) {
	t.Helper()
	if r.exit != 0 || r.err != nil || r.stderr != "" {
		t.Errorf("exit %d, error %v, standard error %q", r.exit, r.err, r.stderr)
	}
}

func TestTheMessageOnStandardInputIsSentAndShown(t *testing.T) {
	r := try(t, "sendmail", Options{}, note)
	r.good(t)
	want := `message 1 of 1
  from     <alice@sandbox.example>
  to       <bob@example.org>
  login    sandbox, over TLS 1.3
  client   localhost
  size     84 octets
  |
  | From: Alice <alice@sandbox.example>
  | To: bob@example.org
  | Subject: hello
  |
  | hi Bob
`
	if diff := cmp.Diff(want, r.stdout); diff != "" {
		t.Error(diff)
	}
}

func TestAMessageThatNamesNobodyGoesToYou(t *testing.T) {
	for name, text := range map[string]string{
		"no recipient": "Subject: hello\n\nhi\n",
		"no header":    "just a line\n",
		"nothing":      "",
	} {
		t.Run(name, func(t *testing.T) {
			r := try(t, "sendmail", Options{}, text)
			r.good(t)
			if !strings.Contains(r.stdout, "to       <"+fallbackRecipient+">\n") {
				t.Errorf("got %s", r.stdout)
			}
		})
	}
}

func TestACommandFindsSendmail(t *testing.T) {
	for name, c := range map[string]struct{ fake, script string }{
		"in its PATH":          {"sendmail", `echo before; sendmail bob@example.org`},
		"in SENDMAIL":          {"sendmail", `echo before; "$SENDMAIL" bob@example.org`},
		"and STARTTLS as well": {"starttls", `echo before; sendmail bob@example.org`},
	} {
		t.Run(name, func(t *testing.T) {
			r := try(t, c.fake, Options{Command: []string{"sh", "-c", c.script}}, note)
			r.good(t)
			if !strings.HasPrefix(r.stdout, "before\nmessage 1 of 1\n") || !strings.Contains(r.stdout, "over TLS 1.3") {
				t.Errorf("got %s", r.stdout)
			}
		})
	}
	t.Run("when sendmail is the command", func(t *testing.T) {
		r := try(t, "sendmail", Options{Command: []string{"sendmail", "-i", "carol@example.org"}}, note)
		r.good(t)
		if !strings.Contains(r.stdout, "to       <carol@example.org>\n") {
			t.Errorf("got %s", r.stdout)
		}
	})
}

func TestTheExitStatusIsTheCommands(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		want    int
		failed  bool
	}{
		"a status":          {[]string{"sh", "-c", "exit 67"}, 67, false},
		"success":           {[]string{"sh", "-c", "exit 0"}, 0, false},
		"ended by a signal": {[]string{"sh", "-c", "kill -9 $$"}, 128 + int(syscall.SIGKILL), false},
		"not found":         {[]string{"no-such-command-anywhere"}, 127, true},
		"not to be run":     {[]string{"/"}, 126, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := try(t, "sendmail", Options{Command: c.command}, "")
			if r.exit != c.want || (r.err != nil) != c.failed {
				t.Errorf("exit %d, %v", r.exit, r.err)
			}
			if r.stdout != "no message arrived\n" {
				t.Errorf("got %q", r.stdout)
			}
		})
	}
}

func TestRedirectsArePlayed(t *testing.T) {
	o := Options{Redirects: []Redirect{
		{addr("old@example.org"), addr("mid@example.com"), 557},
		{addr("mid@example.com"), addr("new@example.net"), 558},
		{addr("never@example.org"), addr("x@example.org"), 557},
	}, Command: []string{"sendmail", "OLD@example.org", "old@EXAMPLE.org"}}
	r := try(t, "sendmail", o, note)
	r.good(t)
	want := `  to       <OLD@example.org>
  to       <new@example.net>
  redirect 557 from <old@example.org> to <mid@example.com>
  redirect 558 from <mid@example.com> to <new@example.net>
`
	if !strings.Contains(r.stdout, want) {
		t.Errorf("got %s", r.stdout)
	}
}

func TestARedirectThatNobodyFollowsIsTold(t *testing.T) {
	o := Options{Redirects: []Redirect{{addr("bob@example.org"), addr("new@example.net"), 558}}}
	r := try(t, "stubborn", o, note)
	if r.exit == 0 || !strings.Contains(r.stderr, "558") {
		t.Errorf("exit %d, standard error %q", r.exit, r.stderr)
	}
	if want := "no message arrived\na redirect led to no message: 558 from <bob@example.org> to <new@example.net>\n"; r.stdout != want {
		t.Errorf("got %q", r.stdout)
	}
}

func TestNobodySendsWithoutTheLogin(t *testing.T) {
	for _, fake := range []string{"anonymous", "impostor"} {
		r := try(t, fake, Options{}, note)
		if r.exit == 0 || r.stdout != "no message arrived\n" {
			t.Errorf("%s: exit %d, %q", fake, r.exit, r.stdout)
		}
	}
}

func TestJSONIsAloneOnStandardOutput(t *testing.T) {
	o := Options{JSON: true, Command: []string{"sh", "-c", "echo noise; sendmail -i old@example.org carol@example.org"},
		Redirects: []Redirect{{addr("old@example.org"), addr("new@example.com"), 557}}}
	r := try(t, "sendmail", o, note)
	if r.exit != 0 || r.err != nil || r.stderr != "noise\n" {
		t.Errorf("exit %d, %v, standard error %q", r.exit, r.err, r.stderr)
	}
	var got []record
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	want := []record{{
		From: "alice@sandbox.example", To: []string{"new@example.com", "carol@example.org"},
		Redirected: []hop{{"old@example.org", "new@example.com", 557}},
		TLS:        "TLS 1.3", Auth: "sandbox", Hello: "localhost", Size: 84,
		Header: []field{{"From", "Alice <alice@sandbox.example>"}, {"To", "bob@example.org"}, {"Subject", "hello"}},
		Text:   "hi Bob\n", Attachments: []attachment{},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r := try(t, "sendmail", Options{JSON: true, Command: []string{"sh", "-c", ":"}}, ""); r.stdout != "[]\n" {
		t.Errorf("nothing arrived, and it says %q", r.stdout)
	}
}

func TestMessagesAreKeptInADirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	twice := Options{Dir: dir, Command: []string{"sh", "-c", `m=$(cat; echo .)
		printf %s "${m%.}" | sendmail a@example.org && printf %s "${m%.}" | sendmail b@example.org`}}
	r := try(t, "sendmail", twice, note)
	r.good(t)
	if !strings.Contains(r.stdout, "file     "+filepath.Join(dir, "0002.eml")) {
		t.Errorf("got %s", r.stdout)
	}
	if err := os.WriteFile(filepath.Join(dir, "0041.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	try(t, "sendmail", Options{Dir: dir}, note).good(t)

	var names []string
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
		if info, _ := f.Info(); info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
	if diff := cmp.Diff([]string{"0001.eml", "0001.json", "0002.eml", "0002.json", "0041.json", "0042.eml", "0042.json"}, names); diff != "" {
		t.Error(diff)
	}
	if info, _ := os.Stat(dir); info.Mode() != 0o700|fs.ModeDir {
		t.Errorf("the directory has mode %v", info.Mode())
	}
	text, _ := os.ReadFile(filepath.Join(dir, "0042.eml"))
	if diff := cmp.Diff(strings.ReplaceAll(note, "\n", "\r\n"), string(text)); diff != "" {
		t.Error(diff)
	}
	var got record
	data, _ := os.ReadFile(filepath.Join(dir, "0042.json"))
	if err := json.Unmarshal(data, &got); err != nil || got.File != filepath.Join(dir, "0042.eml") || got.Text != "hi Bob\n" {
		t.Errorf("%v in %s", err, data)
	}
}

// until calls stop once something is written to it.
type until struct{ stop func() }

func (u until) Write(p []byte) (int, error) {
	u.stop()
	return len(p), nil
}

func TestAnInterruptEndsTheCommandAndLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	executable, _ := os.Executable()
	exit, err := Run(ctx, Options{
		Executable: executable, Command: []string{"sendmail"}, Stdin: strings.NewReader(""),
		Stdout: until{cancel}, Stderr: until{cancel}, Env: append(os.Environ(), "FAKE=hang"),
	})
	if exit != 128+int(syscall.SIGTERM) || err != nil {
		t.Errorf("exit %d, %v", exit, err)
	}
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAnInterruptEndsTheWaitForAMessage(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	reader, writer := net.Pipe() // a terminal at which nobody types
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{Stdin: reader, Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}); err == nil {
		t.Error("no word of the interrupt")
	}
}

func TestADirectoryThatCannotBeMadeIsAnError(t *testing.T) {
	r := try(t, "sendmail", Options{Dir: "/dev/null/kept"}, note)
	if r.exit != 73 || r.err == nil || r.stdout != "" {
		t.Errorf("exit %d, %v, %q", r.exit, r.err, r.stdout)
	}
}

package secret_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailchute/relay/secret"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	credentials := t.TempDir()
	if err := os.WriteFile(filepath.Join(credentials, "smtp"), []byte("pw\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", credentials)
	longest := strings.Repeat("x", 64<<10)
	missing := filepath.Join(credentials, "\x1b[2J")

	tests := []struct {
		name   string
		source secret.Source
		want   string
		err    string // a part of the error
	}{
		{"a text is the secret", secret.Source{Text: "pw\n2"}, "pw\n2", ""},
		{"of a file the first line counts", secret.Source{File: write(t, "pw\nsecond\n")}, "pw", ""},
		{"a file without a line end", secret.Source{File: write(t, "pw")}, "pw", ""},
		{"a line that ends in CRLF", secret.Source{File: write(t, "pw\r\n")}, "pw", ""},
		{"blanks belong to the secret", secret.Source{File: write(t, " s3cret pä$$ \n")}, " s3cret pä$$ ", ""},
		{"an empty file", secret.Source{File: write(t, "")}, "", "first line is empty"},
		{"an empty first line", secret.Source{File: write(t, "\npw\n")}, "", "first line is empty"},
		{"64 KiB are not too long", secret.Source{File: write(t, longest+"\r\n")}, longest, ""},
		{"more than 64 KiB are", secret.Source{File: write(t, longest+"x")}, "", "longer than 65536 octets"},
		{"a file that never ends", secret.Source{File: "/dev/zero"}, "", "longer than 65536 octets"},
		{"a file that is not there", secret.Source{File: missing}, "", fmt.Sprintf("file %q: no such file", missing)},
		{"a directory", secret.Source{File: credentials}, "", "is a directory"},
		{"a credential", secret.Source{Credential: "smtp"}, "pw", ""},
		{"a credential that leads out of the directory", secret.Source{Credential: "../etc/passwd"}, "", "not a plain name"},
		{"a credential that is the directory above", secret.Source{Credential: ".."}, "", "not a plain name"},
		{"a credential that is not there", secret.Source{Credential: "imap"}, "", "no such file"},
		{"a command", secret.Source{Command: "echo pw; echo second"}, "pw", ""},
		{"a command that reads its standard input gets the end of it", secret.Source{Command: `read x && echo "$x" || echo none`}, "none", ""},
		{"a command that prints nothing", secret.Source{Command: "true"}, "", "first line is empty"},
		{"a command that prints without end", secret.Source{Command: "head -c 3000000 /dev/zero"}, "", "longer than"},
		{"a command that leaves a process behind", secret.Source{Command: "echo pw; sleep 5 &"}, "pw", ""},
		{"no source", secret.Source{}, "", "no secret is configured"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.source.Read(t.Context())
			if got.Reveal() != tt.want {
				t.Errorf("got %.80q, want %.80q", got.Reveal(), tt.want)
			}
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

func TestACredentialWithoutSystemdSaysWhatIsMissing(t *testing.T) {
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	_, err := secret.Source{Credential: "smtp"}.Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), "LoadCredential=") {
		t.Errorf("error %v", err)
	}
}

func TestOutsideAServiceACredentialIsReadFromItsFile(t *testing.T) {
	dir := t.TempDir()
	spare := filepath.Join(dir, "password")
	s := secret.Source{Credential: "smtp", Spare: spare}
	read := func(want, trouble string) {
		t.Helper()
		got, err := s.Read(t.Context())
		if got.Reveal() != want || (err != nil) != (trouble != "") || err != nil && !strings.Contains(err.Error(), trouble) {
			t.Errorf("got %q, %v; want %q, %s", got.Reveal(), err, want, trouble)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	read("", "LoadCredential=")
	if err := os.WriteFile(spare, []byte("pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read("pw", "")
	if err := os.Chmod(spare, 0o666); err != nil {
		t.Fatal(err)
	}
	read("", "can be written by")
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	read("", "no such file")
}

func TestACommandThatFailsShowsItsLastWordsButNeverItsOutput(t *testing.T) {
	command := `echo hidden-output; echo first >&2; printf 'gpg: no \033[31mkey\n' >&2; exit 3`
	_, err := secret.Source{Command: command}.Read(t.Context())
	want := "the command for the secret failed: exit status 3: gpg: no  [31mkey"
	if err == nil || err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestTheLastWordsOfACommandDoNotRepeatItsOutput(t *testing.T) {
	_, err := secret.Source{Command: `set -x; echo hidden-output; exit 3`}.Read(t.Context())
	if want := "the command for the secret failed: exit status 3"; err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
		t.Errorf("got %v, want %q without the output", err, want)
	}
	_, err = secret.Source{Command: `echo hidden-output; echo "refused: hidden-output" >&2; exit 3`}.Read(t.Context())
	if want := "the command for the secret failed: exit status 3"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestTheLastWordsOfACommandAreShort(t *testing.T) {
	_, err := secret.Source{Command: `head -c 100000 /dev/zero | tr '\0' x >&2; exit 1`}.Read(t.Context())
	if err == nil || len(err.Error()) > 300 || !strings.HasSuffix(err.Error(), "xxx...") {
		t.Errorf("error %.400v", err)
	}
}

// The command puts its process id and that of a child into a file, then both
// hang. The context ends as soon as the file is there.
func TestACommandThatHangsIsKilledWithItsChildren(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	command := fmt.Sprintf(`sleep 1000 & echo hidden; echo "$$ $!" > %s.new; mv %[1]s.new %[1]s; wait`, pids)
	ctx, cancel := context.WithCancel(t.Context())
	var shell, child int
	go func() {
		defer cancel()
		for {
			text, err := os.ReadFile(pids)
			if err == nil {
				_, _ = fmt.Sscan(string(text), &shell, &child)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := secret.Source{Command: command}.Read(ctx)
	if err == nil || !strings.Contains(err.Error(), "context canceled") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error %v", err)
	}
	for _, pid := range []int{shell, child} {
		if pid <= 1 {
			t.Fatalf("process id %d", pid)
		}
		mustDie(t, pid)
	}
}

func TestACommandThatTakesTooLongSaysSo(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(20*time.Millisecond))
	defer cancel()
	_, err := secret.Source{Command: "sleep 1000"}.Read(ctx)
	if err == nil || !strings.Contains(err.Error(), "took too long") {
		t.Errorf("error %v", err)
	}
}

func TestAPipeThatNobodyClosesEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (secret.Source{File: path}).Read(ctx); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("error %v", err)
	}
}

// mustDie waits for the end of a process that has been sent SIGKILL; one that
// lives runs into the test's own time limit. A zombie is dead, whoever reaps it.
func mustDie(t *testing.T, pid int) {
	t.Helper()
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestASourceDoesNotShowItsSecret(t *testing.T) {
	for _, s := range []secret.Source{{Text: "hidden"}, {Command: "echo hidden"}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, s); strings.Contains(got, "hidden") {
				t.Errorf("%s shows %s", verb, got)
			}
		}
		if text, err := json.Marshal(s); err != nil || strings.Contains(string(text), "hidden") {
			t.Errorf("JSON shows %s (%v)", text, err)
		}
	}
	if got := (secret.Source{File: "/etc/pw"}).String(); got != `file "/etc/pw"` {
		t.Errorf("String() = %s", got)
	}
}

func TestASecretIsFedToACommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "got")
	if err := secret.Feed(t.Context(), "cat > "+file+"; echo noise", secret.New("line\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "line\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestACommandThatFailsToTakeASecretDoesNotShowIt(t *testing.T) {
	for command, want := range map[string]string{
		"echo locked >&2; exit 3":               "the command for the secret failed: exit status 3: locked",
		"cat >&2; exit 3":                       "the command for the secret failed: exit status 3",
		"head -c 30 | sed 's/^/x/' >&2; exit 3": "the command for the secret failed: exit status 3",
		"false":                                 "the command for the secret failed: exit status 1",
	} {
		if err := secret.Feed(t.Context(), command, secret.New(strings.Repeat("canary-", 90)+"\n")); err == nil || err.Error() != want {
			t.Errorf("%s: %v", command, err)
		}
	}
}

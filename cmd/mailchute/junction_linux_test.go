package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mailchute/relay/smtp/smtptest"
)

// junction is where one turn is taken.
type junction struct {
	t     *testing.T
	dir   string
	names []string // what to replace by what, to make runs alike
}

func (j *junction) start(s *smtptest.Server, security *tls.Config) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() { l.Close() })
	if security != nil {
		s.Serve(tls.NewListener(l, security))
	} else {
		s.Serve(l)
	}
	return j.known(l.Addr())
}

// known gives the address, and makes its port $PORT in the golden.
func (j *junction) known(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String())
	j.names = append(j.names, ":"+port, ":$PORT", "port "+port, "port $PORT")
	return a.String()
}

func (j *junction) secure(template *x509.Certificate) string {
	ca := smtptest.NewAuthority(j.t)
	j.write("roots.pem", string(must(os.ReadFile(ca.File))))
	return j.start(smtptest.New(""), &tls.Config{Certificates: []tls.Certificate{ca.Issue(template)}})
}

// closed is a port that nobody listens on.
func (j *junction) closed() string {
	return j.known(must(net.ResolveTCPAddr("tcp", smtptest.Refusing(j.t))))
}

// blocked is a port whose queue of connections is full: what comes is dropped,
// as by a firewall.
func (j *junction) blocked() string {
	fd := must(unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0))
	j.t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		j.t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		j.t.Fatal(err)
	}
	at := &net.TCPAddr{IP: localhost[0], Port: must(unix.Getsockname(fd)).(*unix.SockaddrInet4).Port}
	for range 16 {
		c, err := net.DialTimeout("tcp", at.String(), 200*time.Millisecond)
		if err != nil {
			return j.known(at)
		}
		j.t.Cleanup(func() { c.Close() })
	}
	j.t.Skip("this kernel drops no connections")
	return ""
}

func (j *junction) write(name, text string) {
	if err := os.WriteFile(filepath.Join(j.dir, name), []byte(text), 0o600); err != nil {
		j.t.Fatal(err)
	}
}

// take runs the program, and gives the command, its words and its status.
func (j *junction) take(tt turn) string {
	smarthost := ""
	if tt.server != nil {
		smarthost = tt.server(j)
	} else if strings.Contains(tt.config+plain, "%s") {
		smarthost = j.start(smtptest.New(""), nil)
	}
	j.write("aliases", "ops: bob@x.example,\n  :include:\nbroken line\n")
	args := tt.args
	if args == nil {
		args = []string{"bob@x.example"}
	}
	name := filepath.Join(j.dir, "sendmail")
	if self := must(os.Executable()); os.Link(self, name) != nil {
		copyFile(j.t, self, name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = j.dir
	cmd.Env = []string{"HOME=" + j.dir, "PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0", "MAILCHUTE_CONFIG=" + j.configure(tt, smarthost)}
	if tt.config == "-" {
		cmd.Env = cmd.Env[:3]
	}
	cmd.Stdin = strings.NewReader(cmp.Or(tt.stdin, "From: me@here.example\nSubject: x\n\nhello\n"))
	if tt.stdin == "/" {
		cmd.Stdin = must(os.Open(j.dir))
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if tt.dark {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	}
	if tt.nobody {
		os.Chmod(filepath.Dir(j.dir), 0o755)
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	err := cmd.Run()
	return fmt.Sprintf("$ sendmail %s\n%sexit status %d\n", strings.Join(args, " "), out.String(), exitCode(err))
}

// configure writes the configuration of the turn and gives its path.
func (j *junction) configure(tt turn, smarthost string) string {
	if tt.config == "/" {
		return j.dir
	}
	text := cmp.Or(tt.config, plain)
	if strings.Contains(text, "%s") {
		text = fmt.Sprintf(text, smarthost)
	}
	text = strings.ReplaceAll(text, "$DIR", j.dir)
	if strings.Contains(text, "submissions:") && !strings.Contains(text, "[tls]") {
		text += "[tls]\nca_file = \"" + filepath.Join(j.dir, "roots.pem") + "\"\n"
		if _, err := os.Stat(filepath.Join(j.dir, "roots.pem")); err != nil {
			j.write("roots.pem", string(must(os.ReadFile(smtptest.NewAuthority(j.t).File))))
		}
	}
	if !strings.Contains(text, "[queue]") {
		text += fmt.Sprintf("[queue]\nenabled = %v\ndir = %q\n", tt.queue, filepath.Join(j.dir, "queue"))
	}
	text += "[log]\nto = \"none\"\n"
	if !strings.Contains(text, "aliases =") {
		text = "aliases = \"\"\n" + text
	}
	j.write("mailchute.toml", text)
	if err := os.Chmod(filepath.Join(j.dir, "mailchute.toml"), cmp.Or(tt.mode, 0o600)); err != nil {
		j.t.Fatal(err)
	}
	return filepath.Join(j.dir, "mailchute.toml")
}

// golden compares with the file of that name, or writes it.
func (j *junction) golden(name, got string) {
	got = strings.NewReplacer(append(j.names, j.dir, "$DIR")...).Replace(got)
	got = regexp.MustCompile(`sha256:[0-9a-f]{64}`).ReplaceAllString(got, "sha256:$$SUM")
	got = regexp.MustCompile(`has [0-9]+ octets`).ReplaceAllString(got, "has $$N octets") // the date's length
	file := filepath.Join("..", "..", "testdata", "wrong", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			j.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		j.t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		j.t.Errorf("-want +got, -update writes it anew\n%s", diff)
	}
}

var localhost = []net.IP{net.IPv4(127, 0, 0, 1)}

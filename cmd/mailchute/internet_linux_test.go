package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"mailchute/relay/route/dns/dnstest"
	"mailchute/relay/smtp/smtptest"
)

const internetVariable = "MAILCHUTE_TEST_INTERNET"

// TestInternet runs the stories under testdata/internet on the real binary, with
// nothing stood in for: /etc/resolv.conf names the name server of the test, and mail
// and web servers have the ports that they have everywhere. That takes a network and
// mounts of its own, in which the test runs again. Besides what TestScripts has there is
//
//	dns ZONE                 the name server says what is in ZONE, as if validated
//	server IP NAME [RULES]   starts a mail server at IP with a certificate for NAME; it
//	                         is the one that arrived and wire ask
//	at IP                    they ask the server there
//	policy IP NAME FILE      starts a web server at IP with a certificate for NAME, where
//	                         FILE is the MTA-STS policy of all; $ROOTS is who signed
func TestInternet(t *testing.T) {
	if os.Getenv(internetVariable) == "" {
		inOwnNetwork(t)
		return
	}
	if err := settle(t.TempDir()); err != nil {
		t.Skipf("no network of its own: %v", err)
	}
	names, roots := dnstest.At(t, "127.0.0.1:53", "", true), smtptest.NewAuthority(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", "..", "testdata", "internet"),
		Setup: func(e *testscript.Env) error {
			err := atHome(e)
			e.Setenv("NAMESERVER", "")
			e.Setenv("ROOTS", roots.File)
			e.Setenv("GODEBUG", "netdns=go") // no other way to a name than resolv.conf
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"config": writeConfig, "arrived": arrived, "wire": onTheWire, "status": status,
			"dns": func(ts *testscript.TestScript, _ bool, args []string) { names.Set(ts.ReadFile(args[0])) },
			"server": func(ts *testscript.TestScript, _ bool, args []string) {
				rules := ""
				if len(args) > 2 {
					rules = ts.ReadFile(args[2])
				}
				p := smtptest.New(rules)
				p.Keywords, p.TLS = "PIPELINING,STARTTLS,REQUIRETLS", roots.Config(args[1])
				p.Serve(listenAt(ts, args[0]+":25"))
				byIP.Store(args[0], p)
				byDir.Store(ts.Getenv("WORK"), p)
			},
			"at": func(ts *testscript.TestScript, _ bool, args []string) {
				p, ok := byIP.Load(args[0])
				if !ok {
					ts.Fatalf("no server was started at %s", args[0])
				}
				byDir.Store(ts.Getenv("WORK"), p)
			},
			"policy": func(ts *testscript.TestScript, _ bool, args []string) {
				text := ts.ReadFile(args[2])
				web := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "text/plain")
					_, _ = w.Write([]byte(text))
				})}
				l := tls.NewListener(listenAt(ts, args[0]+":443"), roots.Config(args[1]))
				go func() { _ = web.Serve(l) }()
			},
		},
	})
}

// byIP holds the mail servers of the network.
var byIP sync.Map

// listenAt listens for as long as the script runs.
func listenAt(ts *testscript.TestScript, address string) net.Listener {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	return l
}

// inOwnNetwork runs the test again where it has a network and mounts for itself.
func inOwnNetwork(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.parallel", "1") // there is one name server
	cmd.Env = append(os.Environ(), internetVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch text := strings.TrimSpace(string(out)); {
	case len(out) == 0 && err != nil:
		t.Skipf("no network of its own can be made: %v", err)
	case strings.Contains(text, "--- SKIP"):
		t.Skip(text)
	case err != nil:
		t.Errorf("%v\n%s", err, text)
	}
}

// settle makes the network ready: loopback works, and resolv.conf names the server
// there. Its copy stands in dir.
func settle(dir string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	file, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if err != nil {
		return err
	}
	ours := filepath.Join(dir, "resolv.conf")
	if err := os.WriteFile(ours, []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		return err
	}
	return unix.Mount(ours, file, "", unix.MS_BIND, "")
}

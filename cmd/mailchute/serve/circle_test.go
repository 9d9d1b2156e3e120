package serve

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/inject/config"
	"mailchute/relay/route"
)

func TestASmarthostThatIsTheServerItselfIsFound(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "run", "submit.sock")
	servetest.NoError(t, os.Mkdir(filepath.Dir(socket), 0o700))
	servetest.NoError(t, os.Symlink(filepath.Dir(socket), filepath.Join(dir, "linked")))
	servetest.NoError(t, os.Symlink(socket, filepath.Join(dir, "link.sock")))
	servetest.NoError(t, os.Symlink("round/x", filepath.Join(dir, "round")))
	ears := []config.Listen{{Network: "unix", Address: socket}, {Network: "tcp", Address: "127.0.0.1:25"}, {Network: "tcp", Address: "[::1]:2525"}}
	tests := []struct {
		smarthost string
		own       bool
	}{
		{"unix:" + socket, true},
		{"unix:" + dir + "/./run//../run/submit.sock", true},
		{"unix:" + dir + "/linked/submit.sock", true},
		{"unix:" + dir + "/link.sock", true},
		{"unix:" + dir + "/round/submit.sock", false},
		{"unix:" + dir + "/other.sock", false},
		{"unix:" + dir + "/linked/other.sock", false},
		{"smtp+plain://127.0.0.1:25", true},
		{"smtp://localhost", true},
		{"smtp://LOCALHOST.", true},
		{"smtp://mail.localhost", true},
		{"smtp://[::ffff:127.0.0.1]:25", true},
		{"smtp://0.0.0.0", true},
		{"smtp://127.0.0.2", false},
		{"smtp://127.0.0.1:26", false},
		{"smtp://[::1]:2525", true},
		{"smtp://[::1]", false},
		{"smtp://localhost:2525", true},
		{"smtp://smtp.example.org", false},
		{"submission://localhost", false},
		{"mx:", false},
		{"srv:localhost", false},
	}
	check := func(when string) {
		for _, tt := range tests {
			h, err := route.ParseSmarthost(tt.smarthost)
			if err != nil {
				t.Fatal(err)
			}
			c := &config.Config{Path: "f.toml", Default: config.Defaults(), Accounts: []config.Account{{Name: "work"}}}
			other, _ := route.ParseSmarthost("smtp.example.org")
			c.Accounts[0].Smarthosts = []route.Smarthost{other, h}
			err = checkCircle(c, ears)
			if (err != nil) != tt.own {
				t.Errorf("%s %s: %v", tt.smarthost, when, err)
			}
			if tt.own && (!errors.As(err, new(*exit.ConfigError)) || !strings.Contains(err.Error(), "f.toml: account.work.smarthost: ")) {
				t.Errorf("%s: %v", tt.smarthost, err)
			}
		}
	}
	check("before the socket is there")
	l, err := net.Listen("unix", socket)
	servetest.NoError(t, err)
	defer l.Close()
	check("while it is")
}

func TestANameOfHostsLeadsToItsAddresses(t *testing.T) {
	hosts := filepath.Join(t.TempDir(), "hosts")
	servetest.NoError(t, os.WriteFile(hosts, []byte("127.0.0.1 localhost box # mail\n::1\tbox\n127.0.1.1 box.example.org\nnonsense box\n"), 0o600))
	for host, want := range map[string]string{"Box": "[127.0.0.1 ::1]", "box.example.org.": "[127.0.1.1]", "mail": "[]", "": "[]"} {
		var got []string
		for _, a := range localAddresses(host, hosts) {
			got = append(got, a.String())
		}
		if s := "[" + strings.Join(got, " ") + "]"; s != want {
			t.Errorf("%q: %s, want %s", host, s, want)
		}
	}
	if got := localAddresses("box", hosts+"x"); got != nil {
		t.Errorf("without the file: %v", got)
	}
}

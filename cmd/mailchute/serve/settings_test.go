package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/logbook"
)

func TestWhereThereIsNoLogTheServerSpeaksForItself(t *testing.T) {
	for _, tt := range []struct{ to, there, want string }{
		{"auto", "", "stderr"},
		{"auto", "/run/systemd/journal/socket", "auto"},
		{"auto", "/dev/log", "auto"},
		{"none", "", "none"},
		{"/var/log/mail", "", "/var/log/mail"},
	} {
		if got := logTo(tt.to, func(path string) bool { return path == tt.there }); got != tt.want {
			t.Errorf("%q where there is %q: %q, want %q", tt.to, tt.there, got, tt.want)
		}
	}
}

func TestASocketThatSystemdDoesNotHandOverIsTold(t *testing.T) {
	s := atRest(t, "", "")
	now := s.server.live.Load()
	now.warnUnheard(s.server.submit.at(now.listens()))
	if got := s.Stderr.String(); strings.Contains(got, "ListenStream") {
		t.Errorf("nothing is wrong: %s", got)
	}
	now.warnUnheard(now.listens()[:1])
	if got := s.Stderr.String(); strings.Count(got, "ListenStream=127.0.0.1:0 ") != 1 || strings.Contains(got, "ListenStream=/") {
		t.Error(got)
	}
}

func TestALogThatFailsIsToldOnce(t *testing.T) {
	s := atRest(t, "", "")
	servetest.NoError(t, os.Mkdir(filepath.Join(s.Dir, "logs"), 0o700))
	s.Replace(strings.Replace(s.Text("127.0.0.1:0", ""), filepath.Join(s.Dir, "log"), filepath.Join(s.Dir, "logs"), 1)) // a directory
	now, err := newSettings(s.server.live.Load().Call)
	servetest.NoError(t, err)
	mute := now.tellOfLog(false)
	now.book.Write(logbook.Record{Event: "sent"})
	for range 3 {
		mute = now.tellOfLog(mute)
	}
	if got := s.Stderr.String(); !mute || strings.Count(got, "the log cannot be written") != 1 {
		t.Errorf("%v, %s", mute, got)
	}
}

package serve

import (
	"testing"
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

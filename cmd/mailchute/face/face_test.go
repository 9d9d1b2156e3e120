package face

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject/config"
)

func TestTheServerIsNotToldToUseTheServer(t *testing.T) {
	for part, want := range map[string]string{"": voice.HintNotReadable, host.ServerPart: voice.HintServerCannotRead} {
		var out bytes.Buffer
		f := &Call{Process: Process{Part: part}, Voice: voice.To(&out)}
		f.Complain(&config.Error{File: "/etc/mailchute/serve.toml", Reason: "cannot be read", Err: fs.ErrPermission})
		if !strings.Contains(out.String(), want) {
			t.Errorf("part %q: %q", part, out.String())
		}
	}
}

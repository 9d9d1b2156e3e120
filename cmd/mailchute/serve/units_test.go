package serve

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/inject"
	"mailchute/inject/config"
)

func TestUnitsArePrintedByName(t *testing.T) {
	for _, name := range []string{"mailchute.service", "mailchute.socket", "mailchute-queue.service", "mailchute-queue.timer"} {
		var out bytes.Buffer
		if err := printUnit(&out, name); err != nil || !strings.Contains(out.String(), "\n[Unit]\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := printUnit(&bytes.Buffer{}, "../serve.go")
	if !errors.As(err, new(*inject.UsageError)) || !strings.Contains(err.Error(), "mailchute.socket") {
		t.Error(err)
	}
}

// What the unit loads is what root's own commands read in its place. A file that is
// not there is no reason for systemd not to start the server.
func TestTheUnitLoadsTheSecretsBesideTheConfiguration(t *testing.T) {
	var unit bytes.Buffer
	servetest.NoError(t, printUnit(&unit, "mailchute.service"))
	for _, line := range []string{"ExecStart=/usr/local/bin/mailchute serve -C /etc/mailchute/serve.toml", "LoadCredential=smtp:/etc/mailchute/password", "SetCredential=smtp:\\n",
		"LoadCredential=client-secret:/etc/mailchute/client-secret", "SetCredential=client-secret:\\n"} {
		if !strings.Contains(unit.String(), "\n"+line+"\n") {
			t.Errorf("it has no line %s", line)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "serve.toml")
	servetest.NoError(t, os.WriteFile(file, []byte("smarthost = \"a.example\"\nuser = \"u\"\npassword_credential = \"smtp\"\n[account.other]\npassword_credential = \"other\"\n"+
		"[account.token.oauth]\nprovider = \"google\"\nclient_id = \"i\"\nclient_secret_credential = \"client-secret\"\n"), 0o600))
	c, _, err := config.Load(file)
	servetest.NoError(t, err)
	if got := c.Default.Secret.Spare; got != filepath.Join(dir, "password") {
		t.Errorf("%q", got)
	}
	if got := c.Accounts[0].Secret.Spare; got != "" {
		t.Errorf("of another credential: %q", got)
	}
	if got := c.Accounts[1].OAuth.ClientSecret.Spare; got != filepath.Join(dir, "client-secret") {
		t.Errorf("of the client: %q", got)
	}
}

package serve

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"mailchute/inject"
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

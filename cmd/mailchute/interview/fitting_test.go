package interview

import (
	"strings"
	"testing"

	"mailchute/headers/address"
)

func TestAnAnswerThatNoConfigurationCouldHoldIsToldAtOnce(t *testing.T) {
	for text, want := range map[string]string{"me@example.org": "", "me@b": "identity.domain"} {
		a, err := address.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := fittingAddress(a); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	for text, good := range map[string]bool{"me": true, "me@b": true, "a\x07b": false, "a\x7f": false} {
		if err := fittingUser(text); (err == nil) != good || err != nil && strings.ContainsAny(err.Error(), "\x07\x7f") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

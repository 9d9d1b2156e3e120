package wire

import (
	"slices"
	"testing"
)

func TestATokenGoesToNoMechanismForPasswords(t *testing.T) {
	for _, tt := range []struct{ wanted, want []string }{
		{nil, []string{"XOAUTH2", "OAUTHBEARER"}},
		{[]string{"PLAIN", "SCRAM-SHA-256"}, []string{"XOAUTH2", "OAUTHBEARER"}},
		{[]string{"PLAIN", "OAUTHBEARER"}, []string{"OAUTHBEARER"}},
	} {
		if got := tokenMechanisms(tt.wanted); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q", tt.wanted, got)
		}
	}
}

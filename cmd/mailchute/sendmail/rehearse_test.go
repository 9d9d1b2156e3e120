package sendmail

import (
	"strings"
	"testing"

	"mailchute/headers"
	"mailchute/relay"
)

func TestAFieldThatIsChangedForAServerHasItsReason(t *testing.T) {
	field := headers.NewField
	for _, c := range []struct {
		name string
		f    relay.FieldChange
		want string
	}{
		{"a priority that comes", relay.FieldChange{After: field("MT-Priority", "3")}, "RFC 6758"},
		{"and the other that goes for it", relay.FieldChange{Before: field("MT-Priority", "1")}, "RFC 6758"},
		{"a wish that is a parameter", relay.FieldChange{Before: field("Require-Recipient-Valid-Since", "x")}, "parameter"},
		{"a label of the body", relay.FieldChange{After: field("MIME-Version", "1.0")}, "RFC 2045"},
		{"a long line", relay.FieldChange{Before: field("Subject", "x"), After: field("Subject", "y")}, "998"},
		{"8-bit text", relay.FieldChange{Before: field("Subject", "ä"), After: field("Subject", "a")}, "RFC 2047"},
	} {
		if got := changeFor(c.f).Rule; !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

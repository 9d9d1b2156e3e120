package inject

import (
	"fmt"
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/inject/aliases"
)

func TestMailToASenderGoesWhereHisAliasLeads(t *testing.T) {
	table, err := aliases.Parse("aliases", []byte(`root: admin@corp.example
ops: root, carl
broken: |/bin/prog
half: |/bin/prog, dora@corp.example
circle: loop
loop: circle
list: ann@corp.example, bob@corp.example
owner-list: keeper
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	known := Who{Domain: "here.example", Hostname: "host.here.example", Fallback: address.Addr{Local: "me", Domain: "here.example"}}
	nameless := Who{Fallback: address.Addr{Local: "me", Domain: "localhost.localdomain"}}
	for _, tt := range []struct {
		name     string
		who      Who
		sender   string
		want     string
		mistakes string
	}{
		{"no alias", known, "carl@here.example", "carl@here.example", ""},
		{"an alias", known, "root@here.example", "admin@corp.example", ""},
		{"in any case", known, "ROOT@Here.Example", "admin@corp.example", ""},
		{"by the name of the host", known, "root@host.here.example", "admin@corp.example", ""},
		{"at a machine without a name", nameless, "root@localhost.localdomain", "admin@corp.example", ""},
		{"elsewhere", known, "root@corp.example", "root@corp.example", ""},
		{"names in it are qualified", known, "ops@here.example", "admin@corp.example carl@here.example", ""},
		{"names at a machine without one", nameless, "ops@localhost.localdomain", "admin@corp.example carl@localhost.localdomain", ""},
		{"a list", known, "list@here.example", "ann@corp.example bob@corp.example", ""},
		{"nothing but a program", known, "broken@here.example", "broken@here.example", "is a program"},
		{"a program too", known, "half@here.example", "dora@corp.example", "is a program"},
		{"a circle", known, "circle@here.example", "circle@here.example", "leads to no address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sender, err := address.Parse(tt.sender)
			if err != nil {
				t.Fatal(err)
			}
			to, err := tt.who.Mailboxes(table, sender)
			if got := strings.Trim(fmt.Sprint(to), "[]"); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if (err != nil) != (tt.mistakes != "") || err != nil && !strings.Contains(err.Error(), tt.mistakes) {
				t.Errorf("mistakes: %v, want %q", err, tt.mistakes)
			}
			if to, err := tt.who.Mailboxes(nil, sender); err != nil || len(to) != 1 || to[0] != sender {
				t.Errorf("without aliases: %v, %v", to, err)
			}
		})
	}
}

package inject

import (
	"strings"
	"testing"

	"mailchute/inject/aliases"
	"mailchute/relay/envelope"
)

func TestEachRecipientKnowsWhereItWasNamed(t *testing.T) {
	in, err := Read(strings.NewReader("To: G: a@x.example, team;, b@x.example\nCc: c@x.example, b@x.example\nBcc: d@x.example\n\nhi\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	table, err := aliases.Parse("aliases", []byte("team: t1@x.example, t2@x.example\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Submit(&Args{Recipients: []string{"e@x.example", "c@x.example"}, FromHeader: true}, in, World{Login: "me"},
		Rules{Aliases: table, Identity: Identity{Domain: "x.example"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	of := s.Origins()
	s.Each(func(r *envelope.Recipient) {
		o := of[r]
		got = append(got, r.Address.Local+" "+o.Field+"/"+o.Group+"/"+o.Alias)
	}, func(Malformed) {})
	want := "e //, c //, a To/G/, t1 To/G/team, t2 To/G/team, b To//, d Bcc//"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("%s, want %s", text, want)
	}
}

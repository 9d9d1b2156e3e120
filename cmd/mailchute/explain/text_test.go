package explain

import (
	"encoding/json"
	"strings"
	"testing"
)

func example() *Explanation {
	return &Explanation{
		Account: "work", AccountWhy: "named by --account", Smarthosts: []string{"a", "b"}, Login: "none",
		Envelopes: []Envelope{{Sender: "", SenderWhy: "-f", Recipients: []Recipient{{Address: "x@y", Why: "To", Redirects: []string{"moved"}}}}},
		Malformed: []Trouble{{"a b", "is no address"}}, Notes: []string{"ignored"},
		Changes:   []Change{{Rule: "r", Before: "Bcc: x\r\n\ty\r\n", After: ""}, {Rule: "s", After: "Date: \x1b[2J\r\n"}},
		Signature: "DKIM-Signature: v=1;\r\n\td=x\r\n",
		Servers:   []Server{{Kind: "k", Body: "as it is", Changes: []Change{{Rule: "for it", After: "MT-Priority: 3\r\n"}}, Commands: []string{"QUIT"}, Notes: []string{"n"}, Refused: []Trouble{{"<x@y>", "no"}}}},
		Failure:   []string{"queued"},
	}
}

func show(t *testing.T, colours bool) string {
	t.Helper()
	var b strings.Builder
	if err := example().Write(&b, Style{Colours: colours, Printable: func(s string) string { return strings.ReplaceAll(s, "\x1b", "?") }}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEverythingIsShownAndNothingFromOutsideAsItIs(t *testing.T) {
	const want = `configuration  (none)
account        work  (named by --account)
smarthost      a
               b
login          none

envelope from  <>  (-f)
envelope to    <x@y>  (To)
                 moved
malformed      a b: is no address
note           ignored

header changes
  r
  - Bcc: x
  -  y
  s
  + Date: ?[2J

signature
  + DKIM-Signature: v=1;
  +  d=x

to a server k
  body: as it is
  for it
  + MT-Priority: 3
  note: n
  not sent: <x@y>: no
  C: QUIT

on failure
  queued
`
	if got := show(t, false); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestColoursSayWhatGoesAndWhatComes(t *testing.T) {
	got := show(t, true)
	for _, want := range []string{"\x1b[31m  - Bcc: x\x1b[0m\n", "\x1b[32m  + Date: ?[2J\x1b[0m\n", "\x1b[1mheader changes\x1b[0m\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestTheNamesOfTheJSONFormStay is there so that a program that reads it does not
// break: mailchute(1) promises these names.
func TestTheNamesOfTheJSONFormStay(t *testing.T) {
	text, err := json.Marshal(example())
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("configuration account account_why smarthosts login envelopes malformed notes changes servers signature failure") {
		if _, ok := object[name]; !ok {
			t.Errorf("no %s", name)
		}
		delete(object, name)
	}
	if len(object) > 0 {
		t.Errorf("not promised: %v", object)
	}
}

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"mailchute/cmd/mailchute/mdoc"
	"mailchute/man"
)

// TestTheManualHasEveryCommandAndFlag holds mailchute(1) against the commands as
// kong sees them.
func TestTheManualHasEveryCommandAndFlag(t *testing.T) {
	source, err := man.Pages.ReadFile("mailchute.1")
	if err != nil {
		t.Fatal(err)
	}
	page := mdoc.Text(string(source), 200)
	parser, err := kong.New(&commands{}, kong.Name("mailchute"))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range branches(parser.Model.Node, "") {
		for _, c := range b.choices {
			if c.word == "--help" {
				continue
			}
			if !regexp.MustCompile(`(^|[^-\w])` + regexp.QuoteMeta(c.word) + `($|[^-\w])`).MatchString(page) {
				if c.word == "--config" && strings.Contains(page, "-C file") {
					continue
				}
				t.Errorf("mailchute(1) does not speak of %s", strings.TrimSpace(b.words+" "+c.word))
			}
		}
	}
}

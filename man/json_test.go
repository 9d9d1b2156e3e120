package man

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reports is where the objects are that --json prints, by the subsection of
// mailchute(1) that describes them: files, and the types in them.
var reports = []struct {
	section string
	files   string
	types   string
}{
	{"queue list, queue show", "../relay/queue/summary.go", "Summary Fate"},
	{"redirects list, export, import", "../relay/redirect/entry.go", "line"},
	{"check", "../cmd/mailchute/check/finding.go", ""},
	{"explain", "../cmd/mailchute/explain/explain.go", ""},
	{"sandbox", "../cmd/mailchute/sandbox/record.go ../cmd/mailchute/sandbox/text.go", ""},
	{"login", "../cmd/mailchute/login/status.go", ""},
}

// TestTheManualDescribesEachFieldOfJSON holds the section JSON of mailchute(1)
// against the code: no field may be missing there, none may be made up.
func TestTheManualDescribesEachFieldOfJSON(t *testing.T) {
	page, err := Pages.ReadFile("mailchute.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		described := variables(subsection(string(page), r.section))
		printed := fields(t, strings.Fields(r.files), strings.Fields(r.types))
		if len(printed) == 0 {
			t.Errorf("%s: no fields in %s", r.section, r.files)
		}
		for _, name := range printed {
			if !slices.Contains(described, name) {
				t.Errorf("%s: mailchute(1) does not describe the field %q", r.section, name)
			}
		}
		for _, name := range described {
			if !slices.Contains(printed, name) {
				t.Errorf("%s: mailchute(1) describes a field %q that is not printed", r.section, name)
			}
		}
	}
}

// TestTheManualDescribesEachFieldOfTheLog holds the section LOG against the JSON
// form of the log.
func TestTheManualDescribesEachFieldOfTheLog(t *testing.T) {
	page, err := Pages.ReadFile("mailchute.1")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "\n.Sh LOG\n")
	text, _, _ = strings.Cut(text, "\n.Sh ")
	described := variables(text)
	for _, name := range fields(t, []string{"../relay/logbook/json.go"}, nil) {
		if !slices.Contains(described, name) {
			t.Errorf("mailchute(1) does not describe the field %q of the log", name)
		}
	}
}

// subsection is the text of a subsection of a page.
func subsection(page, title string) string {
	_, text, _ := strings.Cut(page, "\n.Ss "+title+"\n")
	for _, next := range []string{"\n.Ss ", "\n.Sh "} {
		text, _, _ = strings.Cut(text, next)
	}
	return text
}

// variables is the names behind .Va in a text.
func variables(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.TrimPrefix(line, ".It "))
		if len(words) == 0 || strings.TrimPrefix(words[0], ".") != "Va" {
			continue
		}
		for _, w := range words[1:] {
			if strings.Trim(w, ",;:.") != "" {
				out = append(out, w)
			}
		}
	}
	return out
}

// fields is the names that struct tags give to JSON in some files, in the types
// that are named or in all.
func fields(t *testing.T, files, types []string) []string {
	var out []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if ok && len(types) > 0 && !slices.Contains(types, spec.Name.Name) {
				return false
			}
			if f, ok := n.(*ast.Field); ok && f.Tag != nil {
				text, _ := strconv.Unquote(f.Tag.Value)
				tag, _, _ := strings.Cut(reflect.StructTag(text).Get("json"), ",")
				out = append(out, tag)
			}
			return true
		})
	}
	return out
}

package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// layers reads the picture of the layout in README.md: packages by line, a line
// may import only from the lines above it.
func layers(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(text), "<!-- layers -->")
	if !ok {
		t.Fatal("README.md has no picture of the layers")
	}
	block, _, _ = strings.Cut(block, "<!-- end -->")
	rank := map[string]int{}
	for i, line := range strings.Split(block, "\n") {
		name, _, _ := strings.Cut(line, " ")
		if info, err := os.Stat("../../" + name); err == nil && name != "" && info.IsDir() {
			rank[name] = i
		}
	}
	return rank
}

func TestImportsGoOneWayOnlyAsREADMEShows(t *testing.T) {
	rank := layers(t)
	seen := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg, _ := filepath.Rel("../..", filepath.Dir(path))
		if strings.HasPrefix(pkg, ".") { // no package of the module, a tool for it
			return nil
		}
		if !seen[pkg] {
			seen[pkg] = true
			if _, ok := rank[pkg]; !ok {
				t.Errorf("package %s is not in README's picture of the layers", pkg)
			}
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			other, ours := strings.CutPrefix(name, "mailchute/")
			if ours && rank[other] >= rank[pkg] {
				t.Errorf("%s imports %s, which does not stand above it", path, other)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range rank {
		if !seen[pkg] && pkg != "man" && pkg != "testdata" {
			t.Errorf("README's picture of the layers names %s, which is no package", pkg)
		}
	}
}

func TestTheTopLevelIsFixed(t *testing.T) {
	allowed := " cmd inject headers relay man testdata go.mod go.sum README.md LICENSE "
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !strings.Contains(allowed, " "+e.Name()+" ") {
			t.Errorf("%s does not belong at the top level", e.Name())
		}
	}
}

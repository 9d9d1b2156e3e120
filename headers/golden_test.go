package headers_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers"
	"mailchute/headers/address"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines(string(want)), lines(string(got))); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// lines makes line ends visible in a diff.
func lines(s string) []string {
	return strings.SplitAfter(strings.ReplaceAll(s, "\r\n", "\\r\\n\n"), "\n")
}

// directories calls run for each directory of goldens.
func directories(t *testing.T, pattern string, run func(t *testing.T, dir string)) {
	t.Helper()
	dirs, err := filepath.Glob(pattern)
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no goldens at %s: %v", pattern, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { run(t, dir) })
	}
}

func read(t testing.TB, text string) headers.Header {
	t.Helper()
	h, err := headers.Read(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Each directory holds the input, the header read from it, and the body left.
func TestReadGoldens(t *testing.T) {
	directories(t, "../testdata/read/*", func(t *testing.T, dir string) {
		in, err := os.Open(filepath.Join(dir, "in"))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		r := bufio.NewReaderSize(in, 64<<10)
		h, err := headers.Read(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join(dir, "out"), h.Bytes())
		golden(t, filepath.Join(dir, "body"), body)
	})
}

// world is the policy file of a golden: headers.Policy with addresses as text.
// What it leaves out has the values of basicPolicy.
type world struct {
	Identity, From, FullName, Domain string
	KeepSender, ReplaceFrom          bool
	Hops, MaxHops                    int
}

func (w world) policy(t *testing.T) headers.Policy {
	t.Helper()
	p := basicPolicy()
	p.Identity = mustParse(t, w.Identity)
	if w.From != "" {
		p.From = mustParse(t, w.From)
	}
	p.FullName, p.Domain = w.FullName, w.Domain
	p.KeepSender, p.ReplaceFrom = w.KeepSender, w.ReplaceFrom
	p.Hops, p.MaxHops = w.Hops, w.MaxHops
	return p
}

func basicPolicy() headers.Policy {
	return headers.Policy{
		From:      address.Addr{Local: "user", Domain: "host.example"},
		Date:      time.Date(2026, time.November, 2, 3, 4, 5, 0, time.FixedZone("", 3600)),
		MessageID: "20261102030405.1a2b@host.example",
	}
}

func mustParse(t *testing.T, text string) address.Addr {
	t.Helper()
	a, err := address.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Each directory holds a header, the policy, the header rewritten, the changes
// by name, and a sentence that says why it is there.
func TestRewriteGoldens(t *testing.T) {
	directories(t, "../testdata/rewrite/*", func(t *testing.T, dir string) {
		in, err := os.ReadFile(filepath.Join(dir, "in"))
		if err != nil {
			t.Fatal(err)
		}
		if why, err := os.ReadFile(filepath.Join(dir, "why")); err != nil || len(bytes.TrimSpace(why)) == 0 {
			t.Errorf("%s does not say why it is there: %v", dir, err)
		}
		settings, err := os.ReadFile(filepath.Join(dir, "policy.json"))
		if err != nil {
			t.Fatal(err)
		}
		var w world
		d := json.NewDecoder(bytes.NewReader(settings))
		d.DisallowUnknownFields()
		if err := d.Decode(&w); err != nil {
			t.Fatal(err)
		}
		p := w.policy(t)
		h, changes, err := headers.Rewrite(read(t, string(in)), p)
		out, did := h.Bytes(), ""
		if err != nil {
			out = []byte("error: " + err.Error() + "\n")
		}
		for _, c := range changes {
			did += c.Rule + "\n"
		}
		golden(t, filepath.Join(dir, "out"), out)
		golden(t, filepath.Join(dir, "changes"), []byte(did))
		if again, changes, err2 := headers.Rewrite(h, p); err == nil && (err2 != nil || len(changes) > 0) {
			t.Errorf("rewritten again it changes: %v %v", changes, cmp.Diff(string(out), string(again.Bytes())))
		}
	})
}

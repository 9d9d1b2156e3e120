package redirect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChains(t *testing.T) {
	for name, c := range map[string]struct {
		file  string // old>new, by hand
		ask   string
		want  string
		steps int
	}{
		"none":                          {"", "a", "a", 0},
		"one":                           {"a>b", "a", "b", 1},
		"another case of the domain":    {"a>b", "a", "b", 1},
		"three":                         {"b>c c>d a>b", "a", "d", 3},
		"from the middle":               {"a>b b>c c>d", "b", "d", 2},
		"a circle leads nowhere":        {"a>b b>a", "a", "a", 0},
		"a circle behind leads nowhere": {"a>b b>c c>b", "a", "a", 0},
		"the later of two lines holds":  {"a>b a>c", "a", "c", 1},
		"a long chain is cut": {
			"m0>m1 m1>m2 m2>m3 m3>m4 m4>m5 m5>m6 m6>m7 m7>m8 m8>m9 m9>m10 m10>m11 m11>m12 m12>m13 m13>m14 m14>m15 m15>m16 m16>m17 m17>m18",
			"m0", "m16", 16},
	} {
		t.Run(name, func(t *testing.T) {
			m := memory(t)
			byHand(t, m, c.file)
			asked := mailbox(t, c.ask+"@X.EXAMPLE")
			chain, to := m.Lookup(asked)
			if to.Local != c.want || len(chain) != c.steps {
				t.Errorf("got %v after %d, want %s after %d", to, len(chain), c.want, c.steps)
			}
			at := asked
			for _, e := range chain {
				if !e.Old.Equal(at) {
					t.Errorf("the chain is broken at %v: %v", at, chain)
				}
				at = e.New
			}
		})
	}
}

func byHand(t *testing.T, m *Memory, pairs string) {
	var text strings.Builder
	for _, pair := range strings.Fields(pairs) {
		old, to, _ := strings.Cut(pair, ">")
		fmt.Fprintf(&text, `{"old":"%s@x.example","new":"%s@x.example","code":557}`+"\n", old, to)
	}
	must(t, os.MkdirAll(filepath.Dir(m.path), 0o700))
	must(t, os.WriteFile(m.path, []byte(text.String()), 0o600))
}

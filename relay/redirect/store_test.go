package redirect

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCorruptLinesAreSetAside(t *testing.T) {
	m := memory(t)
	byHand(t, m, "a>b c>d")
	text, err := os.ReadFile(m.path)
	must(t, err)
	broken := []string{
		"not json", `{"old":"a@x.example"`, `{"old":"e@x.example","new":"f@x.example","code":558}`,
		`{"old":"e@x.example","new":"f@x.example\r\nRCPT TO:<g@x.example>","code":557}`, `{"old":1}`, "\x00\xff",
	}
	must(t, os.WriteFile(m.path, []byte("\n"+strings.Join(broken, "\n")+"\r\n"+strings.TrimSpace(string(text))), 0o600))
	if got := final(t, m, "c@x.example"); got != "d@x.example" {
		t.Errorf("the good lines went with the bad: %s", got)
	}
	must(t, m.Learn(entry(t, "g@x.example", "h@x.example")))
	entries, err := m.List()
	must(t, err)
	if len(entries) != 3 {
		t.Errorf("%d entries, want 3: %v", len(entries), entries)
	}
	aside, err := os.ReadFile(m.path + ".corrupt")
	must(t, err)
	if diff := cmp.Diff(strings.Join(broken, "\n")+"\n", string(aside)); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatOthersControlIsNotBelieved(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"others can write it": func(t *testing.T, path string) { must(t, os.Chmod(path, 0o666)) },
		"a symbolic link": func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".elsewhere"))
			must(t, os.Symlink(path+".elsewhere", path))
		},
		"a directory": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := memory(t)
			byHand(t, m, "a>b")
			prepare(t, m.path)
			if got := final(t, m, "a@x.example"); got != "a@x.example" {
				t.Errorf("believed: %s", got)
			}
			if _, err := m.List(); err == nil {
				t.Error("nobody is told why")
			}
			if err := m.Learn(entry(t, "c@x.example", "d@x.example")); err == nil {
				t.Error("it was overwritten")
			}
		})
	}
}

func TestACrashLeavesNothingInTheWay(t *testing.T) {
	m := memory(t)
	byHand(t, m, "a>b")
	must(t, os.WriteFile(m.path+".new", []byte("half a li"), 0o400))
	must(t, os.WriteFile(m.path+".lock", nil, 0o600))
	must(t, m.Learn(entry(t, "c@x.example", "d@x.example")))
	if entries, err := m.List(); len(entries) != 2 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	if _, err := os.Stat(m.path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a temporary file is left: %v", err)
	}
}

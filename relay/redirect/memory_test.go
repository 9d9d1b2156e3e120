package redirect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers/address"
)

func entry(t testing.TB, old, to string) Entry {
	return Entry{
		Old: mailbox(t, old), New: mailbox(t, to), Code: 557,
		Learned: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
		Server:  "smtp.example.org", Verified: "smtp.example.org",
	}
}

func memory(t testing.TB) *Memory {
	return OpenMemory(filepath.Join(t.TempDir(), "state", "redirects"))
}

// final is where a copy for a goes, seen by a process that starts now.
func final(t testing.TB, m *Memory, a string) string {
	t.Helper()
	_, to := OpenMemory(m.path).Lookup(mailbox(t, a))
	return to.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNothingIsMadeBeforeSomethingIsLearnt(t *testing.T) {
	m := memory(t)
	a := mailbox(t, "a@x.example")
	if chain, to := m.Lookup(a); chain != nil || to != a {
		t.Errorf("an empty memory redirects: %v, %v", chain, to)
	}
	if entries, err := m.List(); len(entries) != 0 || err != nil {
		t.Errorf("an empty memory holds %v, %v", entries, err)
	}
	must(t, m.Forget(a))
	must(t, m.Confirm(a))
	if _, err := os.Stat(filepath.Dir(m.path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory was made: %v", err)
	}
}

func TestWhatIsLearntIsThereForOthers(t *testing.T) {
	m := memory(t)
	want := entry(t, `"old one"@x.example`, "jörg@bücher.example")
	must(t, m.Learn(want))
	if _, to := m.Lookup(want.Old); to != want.New {
		t.Errorf("the one who learnt it does not know: %v", to)
	}
	got, err := OpenMemory(m.path).List()
	must(t, err)
	if diff := cmp.Diff([]Entry{want}, got); diff != "" {
		t.Error(diff)
	}
	for path, mode := range map[string]fs.FileMode{filepath.Dir(m.path): 0o700 | fs.ModeDir, m.path: 0o600, m.path + ".lock": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, mode)
		}
	}
}

func TestTheFileIsALineOfJSONForEachEntry(t *testing.T) {
	m := memory(t)
	must(t, m.Learn(entry(t, "a@x.example", "b@y.example")))
	data, err := os.ReadFile(m.path)
	must(t, err)
	want := `{"old":"a@x.example","new":"b@y.example","code":557,"learned":"2024-05-06T07:08:09Z","server":"smtp.example.org","verified":"smtp.example.org","uses":0}` + "\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Error(diff)
	}
}

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

func TestTheNewestWordWins(t *testing.T) {
	m := memory(t)
	must(t, m.Learn(entry(t, "a@x.example", "b@x.example"), entry(t, "b@x.example", "c@x.example")))
	must(t, m.Learn(entry(t, "a@x.example", "d@x.example")))
	if got := final(t, m, "a@x.example"); got != "d@x.example" {
		t.Errorf("the older one holds: %s", got)
	}
	must(t, m.Learn(entry(t, "c@x.example", "b@x.example"))) // c moved back to b
	if got := final(t, m, "c@x.example"); got != "b@x.example" {
		t.Errorf("who moved back is sought at %s", got)
	}
	if got := final(t, m, "b@x.example"); got != "b@x.example" {
		t.Errorf("the circle is still there: %s", got)
	}
}

// What a message in a queue has carried for days is learnt when its copy arrives.
func TestWhatCountsForLessDoesNotTakeThePlaceOfMore(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	earlier, later := at.Add(-time.Hour), at.Add(time.Hour)
	for name, c := range map[string]struct {
		old, to  string
		learned  time.Time
		unproven bool
		want     string // where a copy for a goes
	}{
		"a later word":                          {"a", "c", later, false, "c"},
		"an earlier word":                       {"a", "c", earlier, false, "b"},
		"a word of the same time is the newer":  {"a", "c", at, false, "c"},
		"a word without a time is news":         {"a", "c", time.Time{}, false, "c"},
		"later hearsay":                         {"a", "c", later, true, "b"},
		"an earlier word against the direction": {"b", "a", earlier, false, "b"},
		"later hearsay against the direction":   {"b", "a", later, true, "b"},
		"a later word against the direction":    {"b", "a", later, false, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			m := memory(t)
			must(t, m.Learn(entry(t, "a@x.example", "b@x.example")))
			e := entry(t, c.old+"@x.example", c.to+"@x.example")
			e.Learned, e.Unproven = c.learned, c.unproven
			must(t, m.Learn(e))
			if got := final(t, m, "a@x.example"); got != c.want+"@x.example" {
				t.Errorf("goes to %s, want %s", got, c.want)
			}
		})
	}
}

func TestHearsayOfTheSameTakesNoProofAway(t *testing.T) {
	m := memory(t)
	must(t, m.Learn(entry(t, "a@x.example", "b@x.example")))
	e := entry(t, "a@x.example", "b@x.example")
	e.Learned, e.Unproven, e.Verified = e.Learned.Add(time.Hour), true, ""
	must(t, m.Learn(e))
	if entries, _ := m.List(); len(entries) != 1 || entries[0].Unproven || entries[0].Verified == "" {
		t.Errorf("known as %+v", entries)
	}
	unproven := entry(t, "c@x.example", "d@x.example")
	unproven.Unproven = true
	must(t, m.Learn(unproven))
	must(t, m.Learn(entry(t, "c@x.example", "d@x.example")))
	if entries, _ := m.List(); len(entries) != 2 || entries[1].Unproven {
		t.Errorf("proof is not believed after hearsay: %+v", entries)
	}
}

func TestUsesAreCounted(t *testing.T) {
	m := memory(t)
	a, b := entry(t, "a@x.example", "b@x.example"), entry(t, "b@x.example", "c@x.example")
	must(t, m.Learn(a, b))
	must(t, m.Confirm(a.Old, b.Old, mailbox(t, "unknown@x.example")))
	must(t, m.Confirm(a.Old))
	must(t, m.Learn(a)) // said again: the count goes on
	must(t, m.Learn(entry(t, "b@x.example", "d@x.example")))
	uses := map[string]int{}
	entries, err := m.List()
	must(t, err)
	for _, e := range entries {
		uses[e.Old.Local+e.New.Local] = e.Uses
	}
	if diff := cmp.Diff(map[string]int{"ab": 2, "bd": 0}, uses); diff != "" {
		t.Error(diff)
	}
}

func TestForgottenIsForgotten(t *testing.T) {
	m := memory(t)
	must(t, m.Learn(entry(t, "a@x.example", "b@x.example"), entry(t, "c@x.example", "d@x.example")))
	must(t, m.Forget(mailbox(t, "a@X.example")))
	if got := final(t, m, "a@x.example"); got != "a@x.example" {
		t.Errorf("still goes to %s", got)
	}
	if got := final(t, m, "c@x.example"); got != "d@x.example" {
		t.Errorf("the other one went too: %s", got)
	}
}

func TestWhatCannotBeLearnt(t *testing.T) {
	for name, change := range map[string]func(*Entry){
		"a 558":              func(e *Entry) { e.Code = 558 },
		"a 551":              func(e *Entry) { e.Code = 551 },
		"no old address":     func(e *Entry) { e.Old = address.Addr{} },
		"no new address":     func(e *Entry) { e.New = address.Addr{} },
		"a bare new address": func(e *Entry) { e.New = address.Addr{Local: "b"} },
		"itself":             func(e *Entry) { e.New = e.Old },
	} {
		t.Run(name, func(t *testing.T) {
			m, good, bad := memory(t), entry(t, "a@x.example", "b@x.example"), entry(t, "c@x.example", "d@x.example")
			change(&bad)
			if err := m.Learn(good, bad); err == nil {
				t.Error("it was learnt")
			}
			if entries, _ := m.List(); len(entries) != 0 {
				t.Errorf("half of it was learnt: %v", entries)
			}
		})
	}
}

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

func TestAnotherProcessIsSeen(t *testing.T) {
	mine := memory(t)
	must(t, mine.Learn(entry(t, "a@x.example", "b@x.example")))
	must(t, OpenMemory(mine.path).Learn(entry(t, "a@x.example", "c@x.example")))
	mine.checked = time.Time{} // a second goes by
	if _, to := mine.Lookup(mailbox(t, "a@x.example")); to.Local != "c" {
		t.Errorf("the other's word is not seen: %v", to)
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

func TestTheOldestGoWhenThereAreTooMany(t *testing.T) {
	m := memory(t)
	var entries []Entry
	for i := range maxEntries + 10 {
		entries = append(entries, entry(t, fmt.Sprintf("a%d@x.example", i), "b@x.example"))
	}
	must(t, m.Learn(entries...))
	got, err := m.List()
	must(t, err)
	if len(got) != maxEntries || got[0].Old.Local != "a10" {
		t.Errorf("%d entries from %v on", len(got), got[0].Old)
	}
}

func TestServerNamesAreMadeHarmless(t *testing.T) {
	e := entry(t, "a@x.example", "b@x.example")
	e.Server = "evil\x1b[2J\r\n" + strings.Repeat("x", 1000)
	data, err := json.Marshal(e)
	must(t, err)
	var back Entry
	must(t, json.Unmarshal(data, &back))
	if len(back.Server) > 255 || strings.ContainsAny(back.Server, "\x1b\r\n") {
		t.Errorf("kept as %q", back.Server)
	}
}

// TestManyProcessesAtOnce runs this test binary many times on one file: each
// teaches its own entries, and none may be lost.
func TestManyProcessesAtOnce(t *testing.T) {
	const processes, each = 6, 5
	path := filepath.Join(t.TempDir(), "redirects")
	var wait sync.WaitGroup
	for p := range processes {
		wait.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), fmt.Sprintf("TEACH=%s %d %d", path, p, each))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", p, err, out)
			}
		})
	}
	wait.Wait()
	entries, err := OpenMemory(path).List()
	must(t, err)
	if len(entries) != processes*each {
		t.Errorf("%d of %d entries are left", len(entries), processes*each)
	}
}

func TestMain(m *testing.M) {
	var path string
	var process, each int
	if _, err := fmt.Sscanf(os.Getenv("TEACH"), "%s %d %d", &path, &process, &each); err != nil {
		os.Exit(m.Run())
	}
	memory := OpenMemory(path)
	for i := range each {
		err := memory.Learn(Entry{
			Old: address.Addr{Local: fmt.Sprintf("p%d-%d", process, i), Domain: "x.example"},
			New: address.Addr{Local: "b", Domain: "x.example"}, Code: 557,
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

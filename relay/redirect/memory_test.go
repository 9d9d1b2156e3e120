package redirect

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
	must(t, m.Confirm(entry(t, "a@x.example", "b@x.example")))
	must(t, m.Refute(entry(t, "a@x.example", "b@x.example")))
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

func TestUsesAreCounted(t *testing.T) {
	m := memory(t)
	a, b := entry(t, "a@x.example", "b@x.example"), entry(t, "b@x.example", "c@x.example")
	must(t, m.Learn(a, b))
	must(t, m.Confirm(a, b, entry(t, "unknown@x.example", "b@x.example")))
	must(t, m.Confirm(a, entry(t, "a@x.example", "elsewhere@x.example")))
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

// TestWhatWasSaidSinceIsNotRefuted: a message that waited for days knows what was
// remembered when it came.
func TestWhatWasSaidSinceIsNotRefuted(t *testing.T) {
	m := memory(t)
	stale, kept := entry(t, "a@x.example", "dead@x.example"), entry(t, "c@x.example", "d@x.example")
	must(t, m.Learn(stale, kept))
	right := entry(t, "a@x.example", "right@x.example")
	must(t, m.Set(right))
	must(t, m.Refute(stale, entry(t, "c@X.example", "d@x.example"), entry(t, "unknown@x.example", "b@x.example")))
	got, err := m.List()
	must(t, err)
	if diff := cmp.Diff([]Entry{right}, got); diff != "" {
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

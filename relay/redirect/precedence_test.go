package redirect

import (
	"testing"
	"time"
)

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

// TestTheHandAlwaysWins: over what was learnt by a clock that went ahead, and over what
// leads back.
func TestTheHandAlwaysWins(t *testing.T) {
	m := memory(t)
	known, back := entry(t, "a@x", "b@x"), entry(t, "c@x", "a@x")
	known.Learned = time.Now().Add(1000 * time.Hour)
	back.Learned = known.Learned
	must(t, m.Learn(known, back))
	by := entry(t, "a@x", "c@x")
	must(t, m.Set(by))
	if got := final(t, m, "a@x"); got != "c@x" {
		t.Errorf("a@x leads to %s", got)
	}
	if m.Set(Entry{Code: 558}) == nil {
		t.Error("what cannot be learnt was taken")
	}
}

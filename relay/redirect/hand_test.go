package redirect

import (
	"testing"
	"time"
)

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

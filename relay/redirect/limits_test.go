package redirect

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
)

// TestWhatIsWrittenIsRead: a file that is too large to be read would be a memory that
// holds nothing and takes nothing.
func TestWhatIsWrittenIsRead(t *testing.T) {
	domain := strings.Repeat("d", 60) + "." + strings.Repeat("d", 60) + "." + strings.Repeat("d", 60) + ".example"
	for _, tt := range []struct {
		name string
		fill func(n int) Entry
		all  bool // of maxEntries
	}{
		{"octets that JSON for browsers escapes", func(n int) Entry {
			local := fmt.Sprintf("%s%05d", strings.Repeat("&", 250), n)
			return Entry{Old: address.Addr{Local: local, Domain: domain}, New: address.Addr{Local: strings.Repeat("&", 255), Domain: domain}}
		}, true},
		{"the longest of all", func(n int) Entry {
			local := fmt.Sprintf("%s%05d", strings.Repeat("\"", 250), n)
			name := strings.Repeat("\u2028", 85)
			return Entry{Old: address.Addr{Local: local, Domain: domain}, New: address.Addr{Local: strings.Repeat("\"", 255), Domain: domain}, Server: name, Verified: name}
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := memory(t)
			var entries []Entry
			for n := range maxEntries {
				e := tt.fill(n)
				e.Code, e.Learned = 557, time.Unix(1e9, 0).UTC()
				entries = append(entries, e)
			}
			must(t, m.Learn(entries...))
			read, err := OpenMemory(m.path).List()
			info, _ := os.Stat(m.path)
			if err != nil || len(read) == 0 || (len(read) == maxEntries) != tt.all || read[len(read)-1].Old != entries[maxEntries-1].Old {
				t.Errorf("%d entries in %d octets, %v", len(read), info.Size(), err)
			}
			if here, _ := m.List(); len(here) != len(read) {
				t.Errorf("%d entries are known and %d are in the file", len(here), len(read))
			}
		})
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

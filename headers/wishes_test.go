package headers

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
)

func TestPriorityIsTheFirstValueThatIsOne(t *testing.T) {
	for _, c := range []struct {
		fields []string
		value  int
		ok     bool
	}{
		{nil, 0, false},
		{[]string{"3"}, 3, true},
		{[]string{" -9 (low)"}, -9, true},
		{[]string{"+4"}, 4, true},
		{[]string{"10"}, 0, false},
		{[]string{"high", "2"}, 2, true},
		{[]string{""}, 0, false},
	} {
		var h Header
		for _, text := range c.fields {
			h.fields = append(h.fields, NewField("mt-priority", text))
		}
		if value, ok := Priority(h); value != c.value || ok != c.ok {
			t.Errorf("%q: %d %v, want %d %v", c.fields, value, ok, c.value, c.ok)
		}
	}
}

func TestValidSinceReadsMailboxAndDate(t *testing.T) {
	want := time.Date(2013, 6, 1, 16, 23, 1, 0, time.UTC)
	for _, text := range []string{
		"bob@example.org; Sat, 1 Jun 2013 09:23:01 -0700",
		"bob@EXAMPLE.org ;  1 Jun 2013 16:23:01 GMT",
		"bob@example.org;\r\n Sat,  01 Jun 2013\r\n 09:23:01 -0700 (PDT)",
		`"bob"@example.org; Sat, 1 Jun 2013 16:23:01 +0000`,
	} {
		of, since, ok := ValidSince(NewField(ValidSinceField, "x").WithText(" " + text))
		if !ok || !since.Equal(want) || !of.Equal(address.Addr{Local: "bob", Domain: "example.org"}) {
			t.Errorf("%q: %v %v %v", text, of, since, ok)
		}
	}
	for _, text := range []string{"", "bob@example.org", "bob@example.org; soon", "; Sat, 1 Jun 2013 09:23:01 -0700", "bob; x@y; 1 Jun 2013 09:23:01 -0700", "bob@@; 1 Jun 2013 09:23:01 -0700"} {
		if of, since, ok := ValidSince(NewField(ValidSinceField, text)); ok {
			t.Errorf("%q: taken for %v %v", text, of, since)
		}
	}
	bob := address.Addr{Local: "b;b", Domain: "example.org"}
	if of, since, ok := ValidSince(NewValidSince(bob, want)); !ok || of != bob || !since.Equal(want) {
		t.Errorf("its own field: %v %v %v", of, since, ok)
	}
}

// TestTheMailboxOfADemandIsQualified: a server compares it with RCPT, which always is.
func TestTheMailboxOfADemandIsQualified(t *testing.T) {
	const date = " Sat,  1 Jun 2013\r\n 09:23:01 -0700 (PDT)\r\n"
	for text, want := range map[string]string{
		" bob;" + date:           " bob@here.example;" + date,
		"<bob> ;" + date:         " bob@here.example;" + date,
		" bob@x.example;" + date: " bob@x.example;" + date,
		" bob ; soon\r\n":        " bob ; soon\r\n",
		" bob, ann@x;" + date:    " bob, ann@x;" + date,
		" \"b b\";" + date:       " \"b b\"@here.example;" + date,
	} {
		h, err := Read(bufio.NewReader(strings.NewReader("From: a@x.example\r\n" + ValidSinceField + ":" + text + "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		h, _, err = Rewrite(h, Policy{Domain: "here.example", MaxHops: 10})
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := h.First(ValidSinceField); string(f.Raw()) != ValidSinceField+":"+want {
			t.Errorf("%q becomes %q, want %q", text, f.Raw(), want)
		}
	}
}

package headers_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"mailchute/headers"
)

func TestReadIsTheSameInSmallPieces(t *testing.T) {
	const text = "From alice Sun Nov 22\nSubject: a\r\n b\r\r\nX : y\r\n\r\r\nbody\r\n"
	h, err := headers.Read(bufio.NewReader(iotest.OneByteReader(strings.NewReader(text))))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(h.Bytes()), "Subject: a\r\n b\r\nX : y\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadLeavesALongFirstLineOfTheBodyInTheReader(t *testing.T) {
	body := strings.Repeat("no field ", 100_000) + "\nnext\n"
	r := bufio.NewReaderSize(strings.NewReader("Subject: x\n"+body), 64<<10)
	if _, err := headers.Read(r); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != body {
		t.Errorf("%d octets left, want %d: %v", len(rest), len(body), err)
	}
}

func TestReadTakesFieldsLongerThanTheBuffer(t *testing.T) {
	text := "To: " + strings.Repeat("a@example.org, \r", 100_000) + "z@example.org"
	h := read(t, text+"\r\n\r\n")
	if got := len(h.Bytes()); got != len(text)+2 {
		t.Errorf("%d octets, want %d", got, len(text)+2)
	}
	if got := len(headers.Recipients(h)); got != 100_001 {
		t.Errorf("%d recipients", got)
	}
}

func TestReadAsksForNoMoreThanTheHeader(t *testing.T) {
	pr, pw := io.Pipe()
	go io.WriteString(pw, "Subject: x\n\n") // and no more: a terminal would wait here
	h, err := headers.Read(bufio.NewReader(pr))
	if err != nil || h.Count("subject") != 1 {
		t.Errorf("%q %v", h.Bytes(), err)
	}
}

func TestReadReturnsWhatItHasWithAnErrorOfTheReader(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("Subject: x\nTo: b"), iotest.ErrReader(broken))
	h, err := headers.Read(bufio.NewReader(r))
	if !errors.Is(err, broken) || h.Count("Subject") != 1 {
		t.Errorf("%q %v", h.Bytes(), err)
	}
}

// endless repeats its text for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestReadRefusesAnEndlessHeader(t *testing.T) {
	for _, tt := range []struct {
		name, begins string
		goesOn       endless
		want         string
	}{
		{"fields", "", endless("X: y\n"), "5.5.3"},
		{"one field", "X: y\n", endless(" " + strings.Repeat("y", 998) + "\n"), "5.3.4"},
		{"one line", "", endless(strings.Repeat("y:", 512)), "5.3.4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := headers.Read(bufio.NewReader(io.MultiReader(strings.NewReader(tt.begins), tt.goesOn)))
			var e *headers.Error
			if !errors.As(err, &e) || e.Status.String() != tt.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReadTakesAFieldForEachOfTenThousandRecipients(t *testing.T) {
	text := "Subject: x\n" + strings.Repeat("To: \"A member of the list\" <somebody.on.the.list@members.example.org>,\n\t\"Another one\" <b@example.org>\n", 10_000) + "\nbody\n"
	h, err := headers.Read(bufio.NewReader(strings.NewReader(text)))
	if err != nil || len(text) < 1_000_000 || h.Count("To") != 10_000 {
		t.Errorf("%d octets, %d fields: %v", len(text), h.Count("To"), err)
	}
	for _, n := range []int{headers.MaxFields, headers.MaxFields + 1} {
		_, err := headers.Read(bufio.NewReader(strings.NewReader(strings.Repeat("Bcc:\n", n) + "\nbody\n")))
		if (err != nil) != (n > headers.MaxFields) {
			t.Errorf("%d fields: %v", n, err)
		}
	}
}

func TestReadRefusesListsWithoutEnd(t *testing.T) {
	for _, tt := range []struct {
		name, member string
		times        int
		refused      bool
	}{
		{"as many members as there may be", "a,", headers.MaxMembers, false},
		{"one more", "a,", headers.MaxMembers + 1, true},
		{"groups", "g:a;", headers.MaxMembers + 1, true},
		{"spread over fields", "a,\nCc: b,\nTo: ", headers.MaxMembers/2 + 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := headers.Read(bufio.NewReader(strings.NewReader("To: " + strings.Repeat(tt.member, tt.times) + "\n\nbody\n")))
			var e *headers.Error
			if refused := errors.As(err, &e); refused != tt.refused || err != nil && !refused {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFieldTellsItsParts(t *testing.T) {
	h := read(t, "SUBJECT \t:  a\n\t b \nX:\n")
	f, ok := h.First("Subject")
	if !ok || f.Name() != "SUBJECT" || f.Text() != "  a\r\n\t b " || f.Value() != "a\t b" || !f.Is("subject") || f.Is("subjec") {
		t.Errorf("%v %q %q %q", ok, f.Name(), f.Text(), f.Value())
	}
	if _, ok := h.First("Y"); ok {
		t.Error("there is no field Y")
	}
	if got := string(f.WithText(" new\r\n text").Raw()); got != "SUBJECT \t: new\r\n text\r\n" {
		t.Errorf("with other text: %q", got)
	}
}

func TestNothingInAFieldCanBeginAnother(t *testing.T) {
	for _, f := range []headers.Field{
		headers.NewField("X", "a\r\nY: b\nZ: c\rW: d\x00\x7f"),
		headers.NewField("X\r\nY", "a"),
		headers.NewField("X", "").WithText(" a\r\nY: b\nZ: c\rW: d\x00"),
		headers.NewField("X", "").WithText("a\r\n"),
	} {
		h := read(t, string(f.Raw())+"\n")
		if len(h.Fields()) != 1 || !bytes.Equal(h.Bytes(), f.Raw()) {
			t.Errorf("%q reads as %q", f.Raw(), h.Bytes())
		}
	}
}

func TestNewFieldFoldsTowards78Octets(t *testing.T) {
	f := headers.NewField("References", strings.Repeat(" <"+strings.Repeat("x", 30)+"@example.org>", 5))
	for line := range strings.Lines(string(f.Raw())) {
		if len(line) > 80 || strings.TrimSpace(line) == "References:" {
			t.Errorf("line %q", line)
		}
	}
	if got := string(headers.NewField("Bcc", "").Raw()); got != "Bcc:\r\n" {
		t.Errorf("an empty field is %q", got)
	}
	long := strings.Repeat("x", 100)
	if got := string(headers.NewField("X", long+" y").Raw()); got != "X: "+long+"\r\n y\r\n" {
		t.Errorf("a long word gives %q", got)
	}
}

package headers_test

import (
	"mime"
	"strings"
	"testing"

	"mailchute/headers"
	"mailchute/headers/address"
)

func fold(t *testing.T, text string) (headers.Header, string) {
	t.Helper()
	h := headers.Fold(read(t, text+"\r\n\r\n"))
	if n := headers.LongestLine(h); n > 998 {
		t.Errorf("a line of %d octets is left", n)
	}
	for line := range strings.Lines(string(h.Bytes())) {
		if strings.TrimSpace(line) == "" {
			t.Error("a line of white space alone is left")
		}
	}
	return h, string(h.Bytes())
}

func TestFoldLeavesLinesOf998OctetsAlone(t *testing.T) {
	text := "Subject: " + strings.Repeat("word ", 197) + "text"
	if len(text) != 998 {
		t.Fatal(len(text))
	}
	if _, got := fold(t, text); got != text+"\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestFoldAddsNothingButFoldsWhereThereIsWhiteSpace(t *testing.T) {
	for _, text := range []string{
		"Subject: " + strings.Repeat("word ", 1000) + "x",
		"X-A: " + strings.Repeat("a ", 5000) + "x",
		"To: " + strings.Repeat("\"a b\" <a@example.org>, ", 1000) + "x@example.org",
		"Subject: short\r\n " + strings.Repeat("word\t", 1000) + "x\r\n short",
	} {
		_, got := fold(t, text)
		if strings.ReplaceAll(got, "\r\n", "") != strings.ReplaceAll(text, "\r\n", "") {
			t.Errorf("octets were changed: %q", got)
		}
		if n := strings.Count(got, "\n"); n > len(text)/900+4 {
			t.Errorf("%d lines for %d octets", n, len(text))
		}
	}
}

func TestFoldDropsWhiteSpaceThatWouldBeALineOfItsOwn(t *testing.T) {
	blanks := strings.Repeat(" ", 3000)
	if _, got := fold(t, "Subject: a"+blanks+"b"+blanks); got != "Subject: a b\r\n" {
		t.Errorf("got %q", got)
	}
	if _, got := fold(t, "Subject: "+strings.Repeat("x", 980)+strings.Repeat(" ", 78)+"b"); strings.Count(got, "\n") != 2 {
		t.Errorf("got %q", got)
	}
}

func TestFoldEncodesALongWordOfText(t *testing.T) {
	text := "a " + strings.Repeat("x=", 2500) + " b"
	h, _ := fold(t, "Subject: "+text)
	f, _ := h.First("Subject")
	if got, err := new(mime.WordDecoder).DecodeHeader(f.Value()); err != nil || got != text {
		t.Errorf("%v %q", err, got)
	}
}

func TestFoldKeepsTheMeaningOfAddresses(t *testing.T) {
	list := strings.Repeat("a@example.org,", 999) + "a@example.org"
	for name, text := range map[string]string{
		"a list without white space":     list,
		"angle brackets and quotes":      strings.Repeat(`"x,y"<a@example.org>,`, 1000),
		"comments nested 5,000 deep":     " " + strings.Repeat("(", 5000) + "x" + strings.Repeat(")", 5000) + " a@example.org",
		"a comment of quoted pairs":      " (" + strings.Repeat(`\\\)`, 2000) + ") a@example.org",
		"a long comment behind a name":   "a@example.org(" + strings.Repeat("x", 5000) + ")",
		"a group of many":                "g:" + list + ";",
		"UTF-8 in a comment":             "(" + strings.Repeat("ü", 3000) + ") a@example.org",
		"folded already, one line long":  " b@example.org,\r\n " + list,
		"white space in front of colons": list,
	} {
		t.Run(name, func(t *testing.T) {
			sep := "To:"
			if strings.Contains(name, "colons") {
				sep = "To" + strings.Repeat(" ", 600) + ":"
			}
			before := address.ParseList(text)
			h, _ := fold(t, sep+text)
			f, _ := h.First("To")
			after := address.ParseList(f.Text())
			if len(before) != len(after) {
				t.Fatalf("%d addresses, want %d", len(after), len(before))
			}
			for i := range after {
				if after[i].Err != nil || after[i].Addr != before[i].Addr || after[i].Name != before[i].Name {
					t.Fatalf("%v became %v", before[i], after[i])
				}
			}
		})
	}
}

func TestFoldBreaksWhatCannotBeFoldedBetweenCharacters(t *testing.T) {
	word := strings.Repeat("ü", 2500)
	_, got := fold(t, "Message-ID: <"+word+">")
	if back := strings.ReplaceAll(got, "\r\n ", ""); !strings.Contains(back, word) {
		t.Errorf("got %q", got)
	}
}

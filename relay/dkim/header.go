package dkim

import (
	"bytes"
	"strings"
)

// signed are the fields that are signed where they are there, RFC 6376 section
// 5.4.1: what a reader is shown, and what tells how the body is to be read. Sender
// is not among them: smarthosts put their own there.
var signed = [...]string{
	"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To", "References",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Language",
	"Resent-From", "Resent-To", "Resent-Cc", "Resent-Date", "Resent-Message-ID",
	"List-Id", "List-Help", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive",
}

// sealed is the number of fields in front of signed that are named once more than
// they are there, so that nobody can add another one, RFC 6376 section 8.15.
const sealed = 6

// choose picks the fields to sign and the names for h=. Of several fields of one
// name the last one is signed first, section 5.4.2.
func choose(fields [][]byte) (names []string, chosen [][]byte) {
	at := make(map[string][][]byte, len(fields))
	for _, f := range fields {
		name := string(fieldName(f))
		at[name] = append(at[name], f)
	}
	for i, name := range signed {
		found := at[strings.ToLower(name)]
		for j := len(found) - 1; j >= 0; j-- {
			names, chosen = append(names, name), append(chosen, found[j])
		}
		if i < sealed {
			names = append(names, name)
		}
	}
	return names, chosen
}

// split parts a header section into its fields, each with its CRLF.
func split(header []byte) (fields [][]byte) {
	start := 0
	for i := 0; i < len(header); {
		end := bytes.IndexByte(header[i:], '\n')
		if end < 0 {
			end = len(header) - i - 1
		}
		if i += end + 1; i == len(header) || header[i] != ' ' && header[i] != '\t' {
			fields = append(fields, header[start:i])
			start = i
		}
	}
	return fields
}

func fieldName(f []byte) []byte {
	name, _, _ := bytes.Cut(f, []byte(":"))
	return bytes.ToLower(bytes.TrimRight(name, " \t"))
}

// relaxed is the canonical form of a field, RFC 6376 section 3.4.2: the name in
// lower case, no folds, one blank for each run of blanks, none at either end.
func relaxed(f []byte) []byte {
	_, value, _ := bytes.Cut(f, []byte(":"))
	out := append(fieldName(f), ':')
	start, gap := len(out), false
	for _, c := range value {
		switch c {
		case ' ', '\t', '\r', '\n':
			gap = true
			continue
		}
		if gap && len(out) > start {
			out = append(out, ' ')
		}
		gap, out = false, append(out, c)
	}
	return append(out, "\r\n"...)
}

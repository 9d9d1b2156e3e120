package fit

import "fmt"

// tally counts what was done with the parts of a message.
type tally struct {
	quoted, base64, rewrapped, binary int
}

func (t *tally) add(do treatment) {
	switch do {
	case toQuoted:
		t.quoted++
	case toBase64:
		t.base64++
	case rewrapQuoted, rewrapBase64:
		t.rewrapped++
	case asOctets:
		t.binary++
	}
}

// words says it to people.
func (t tally) words() []string {
	var words []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{t.quoted, "converted to quoted-printable"},
		{t.base64, "converted to base64"},
		{t.rewrapped, "rewrapped"},
	} {
		switch {
		case c.n == 1:
			words = append(words, "1 part "+c.what)
		case c.n > 1:
			words = append(words, fmt.Sprintf("%d parts %s", c.n, c.what))
		}
	}
	return words
}

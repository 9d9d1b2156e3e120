package address

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkParseList reads a To field of 1 MB with 10,000 mailboxes.
func BenchmarkParseList(b *testing.B) {
	forms := []struct{ name, form string }{
		{"quoted name", "\"" + strings.Repeat("n", 66) + "%05[1]d\" <v%05[1]d@example.org>,\r\n "},
		{"atoms", "Mary " + strings.Repeat("m", 30) + " " + strings.Repeat("S", 32) + "%05[1]d <v%05[1]d@example.org>,\r\n "},
		{"obsolete", "\"a \\\"b\\\"\" . c (" + strings.Repeat("comment", 8) + ") < v%05[1]d . x @ example . org >,\r\n "},
	}
	for _, f := range forms {
		b.Run(f.name, func(b *testing.B) {
			var list strings.Builder
			for i := range 10000 {
				fmt.Fprintf(&list, f.form, i)
			}
			text := list.String()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if n := len(ParseList(text)); n != 10000 {
					b.Fatalf("%d mailboxes", n)
				}
			}
		})
	}
}

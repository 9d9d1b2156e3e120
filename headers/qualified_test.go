package headers

import (
	"testing"

	"mailchute/headers/address"
)

// Where a look at the signs says that all is qualified, the parser says so too.
func FuzzIsQualified(f *testing.F) {
	for _, s := range []string{"a@b", "A <a@b>,\r\n B <b@c>", "a@b, joe", "a@b <joe>", "\"a@b\" <joe>", "x@ (joe", "g: a, b@c;", "<a@b> joe", "a@b,", "@", "a\\,b@c, d", "a@[b,c], d", "joe <@a:joe>", "=?x?q?@?= <joe>", "a@b joe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		if !isQualified([]byte(list)) {
			return
		}
		for _, e := range address.ParseList(list) {
			if e.Err == nil && e.Addr.Domain == "" {
				t.Errorf("%q has %q, which has no domain", list, e.Addr.Local)
			}
		}
	})
}

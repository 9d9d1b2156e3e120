package host

import (
	"strings"
	"testing"
)

func TestALentIDBelongsToItsLender(t *testing.T) {
	const file = "# lent\njoe:100000:65536\n\nann:165536:65536\nbad\nbad:x:9\n:300000:5\n4294967294:400000:10\nlate:100000:10\n"
	for uid, want := range map[int]string{
		99999: "", 100000: "joe", 165535: "joe", 165536: "ann", 231071: "ann", 231072: "", 300001: "",
		400009: "uid4294967294", 400010: "", 1000: "", 0: "",
	} {
		if got := lenderIn(strings.NewReader(file), uid); got != want {
			t.Errorf("%d is of %q, want %q", uid, got, want)
		}
	}
}

func FuzzTheFirstLineCounts(f *testing.F) {
	f.Add("joe:100000:65536", 100001)
	f.Add("7:1:1\n\x00:::", 1)
	f.Fuzz(func(t *testing.T, file string, uid int) {
		got := lenderIn(strings.NewReader(file), uid)
		more := lenderIn(strings.NewReader(file+"\nlast:0:4294967295"), uid)
		if got != "" && got != more {
			t.Errorf("%q, and with another line behind it %q", got, more)
		}
	})
}

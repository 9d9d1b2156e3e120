package mdoc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/man"
)

func TestText(t *testing.T) {
	const page = `.Dd November 22, 2026
.Dt PROG 1
.Os
.Sh NAME
.Nm prog
.Nd does things
.Sh SYNOPSIS
.Nm
.Op Fl v
.Op Fl \-dir Ar dir
.Ar file ...
.Nm
.Fl Ns Ar option
.Op Fl \-redirect Ar old Ns = Ns Ar new Ns Op : Ns Ar code
.Sh DESCRIPTION
.Nm
takes
.Pa /usr/sbin/x ,
see
.Xr sendmail 8 .
.Pp
It says
.Pq Ql ok , bad
and \(dqno\(dq.
.Bl -tag -width Ds
.It Fl i , Fl oi
A line that is long enough to be folded at the width that the test has chosen for it.
.Bl -bullet -compact
.It
one
.It
two
.El
.It x
short
.El
.Ss Sub
.Dl prog \-v < in
.Bd -literal
a  =  "b"
  .c
.Ed
end
`
	const want = `NAME
     prog - does things

SYNOPSIS
     prog [-v] [--dir dir] file ...
     prog -option [--redirect old=new[:code]]

DESCRIPTION
     prog takes /usr/sbin/x, see sendmail(8).

     It says ('ok, bad') and "no".

     -i, -oi
           A line that is long enough to be folded at
           the width that the test has chosen for it.
           - one
           - two

     x     short

  Sub
          prog -v < in

          a  =  "b"
            .c

     end
`
	if diff := cmp.Diff(want, Text(page, 54)); diff != "" {
		t.Error(diff)
	}
}

// TestThePagesOfTheProject holds what the package promises of them: nothing of
// mdoc shows, and no line is too long but for a word or a literal line.
func TestThePagesOfTheProject(t *testing.T) {
	entries, err := man.Pages.ReadDir(".")
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		page, err := man.Pages.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		text := Text(string(page), 78)
		for _, heading := range []string{"NAME\n", "\nDESCRIPTION\n", "\nSEE ALSO\n"} {
			if !strings.Contains(text, heading) {
				t.Errorf("%s has no %q", e.Name(), heading)
			}
		}
		for n, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), ".") && !strings.HasPrefix(line, strings.Repeat(" ", 10)) || strings.Contains(line, `\(`) || strings.Contains(line, `\-`) {
				t.Errorf("%s:%d shows its source: %q", e.Name(), n+1, line)
			}
			for _, word := range strings.Fields(line) {
				if isMacro(word) && word != "No" {
					t.Errorf("%s:%d shows the macro %s: %q", e.Name(), n+1, word, line)
				}
			}
			if len(line) > 90 {
				t.Errorf("%s:%d is %d columns long: %q", e.Name(), n+1, len(line), line)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(".Sh A\n.Bl -tag\n.It Op Fl x Oc\n.El\n.El\n.Xr\n\\\n.\n.\"\n")
	f.Add(".Bd\n.It\n.Bl -width\n.It Ar\nx")
	f.Fuzz(func(t *testing.T, page string) { Text(page, 40) })
}

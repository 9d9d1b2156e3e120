package sendmail

import (
	"testing"
	"time"

	"mailchute/inject"
)

func TestRunsInTheBackgroundAreThoseThatWereAskedFor(t *testing.T) {
	for _, want := range []inject.Runner{
		{Every: 15 * time.Minute},
		{Every: 90 * time.Second, ID: "36", Recipient: "@x.example", Sender: "f"},
	} {
		a, err := inject.ParseArgs(runnerArgs(want))
		if err != nil {
			t.Fatal(err)
		}
		want.Foreground = true
		if a.Runner != want || a.Mode != inject.Flush {
			t.Errorf("%+v becomes %+v", want, a.Runner)
		}
	}
}

package sendmail

import (
	"testing"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/inject"
	"mailchute/inject/config"
)

func TestRunsInTheBackgroundAreThoseThatWereAskedFor(t *testing.T) {
	for _, want := range []inject.Runner{
		{Every: 15 * time.Minute},
		{Every: 90 * time.Second, ID: "36", Recipient: "@x.example", Sender: "f"},
	} {
		typed := &inject.Args{Runner: want, Tag: "tag", TraceFile: "/x", QueueDir: "/q", AliasFile: "/a"}
		c := &call{&face.Call{Args: typed, Config: &config.Config{Path: "/m.toml"}}}
		args, err := c.runsInBackground()
		if err != nil {
			t.Fatal(err)
		}
		a, err := inject.ParseArgs(args[1:])
		if err != nil {
			t.Fatal(err)
		}
		want.Foreground = true
		if a.Runner != want || a.Mode != inject.Flush {
			t.Errorf("%+v becomes %+v", want, a.Runner)
		}
		if a.ConfigFile != "/m.toml" || a.Tag != "tag" || a.TraceFile != "/x" || a.QueueDir != "/q" || a.AliasFile != "/a" {
			t.Errorf("%+v becomes %+v", typed, a)
		}
	}
}

package serve

import (
	"context"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/inject"
)

// Command is `mailchute serve`.
type Command struct {
	Config    string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	Check     bool   `help:"Read the configuration as the server does, say what is wrong with it, and end."`
	PrintUnit string `help:"Print a unit for systemd and end: mailchute.service, mailchute.socket, mailchute-queue.service or mailchute-queue.timer." placeholder:"NAME"`
}

// Do serves until a signal comes, checks the configuration or prints a unit.
func (c *Command) Do(ctx context.Context, p face.Process) exit.Status {
	f := face.New(p, &inject.Args{ConfigFile: c.Config})
	if c.PrintUnit != "" {
		return f.Report(printUnit(p.Stdout, c.PrintUnit))
	}
	if c.Check {
		return f.Report(checkSettings(f))
	}
	return f.Report(serve(ctx, f))
}

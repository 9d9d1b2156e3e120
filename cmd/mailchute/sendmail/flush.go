package sendmail

import (
	"context"
	"path/filepath"
	"time"

	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/post"
	"mailchute/inject"
	"mailchute/relay/runner"
)

// flush is -q: one run, or with a time a run every so often.
func flush(ctx context.Context, f *face.Call) error {
	if err := f.Load(); err != nil {
		return err
	}
	r := f.Args.Runner
	if r.Every == 0 {
		_, _, err := desk.FlushStores(ctx, f, runner.Scope{All: true, Match: post.Matching(r)}, desk.FilterOf(r), nil)
		return err
	}
	if !r.Foreground {
		return detach(f)
	}
	for tick := time.NewTicker(r.Every); ; {
		if _, err := post.RunQueues(ctx, f, runner.Scope{Match: post.Matching(r)}); err != nil {
			f.Voice.Say("%v", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil
		}
	}
}

// detach goes on in the background with the runs that -q asked for.
func detach(f *face.Call) error {
	args := append([]string{"sendmail", "-C", f.Config.Path}, RunnerArgs(f.Args.Runner)...)
	if f.Args.QueueDir != "" {
		dir, err := filepath.Abs(f.Args.QueueDir)
		if err != nil {
			return err
		}
		args = append(args, "-oQ"+dir)
	}
	return post.StartDetached(args)
}

// RunnerArgs is the forms of -q that ask for r, in the foreground.
func RunnerArgs(r inject.Runner) []string {
	return []string{"-qf" + r.Every.String(), "-qI" + r.ID, "-qR" + r.Recipient, "-qS" + r.Sender}
}

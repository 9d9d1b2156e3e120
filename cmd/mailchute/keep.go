package main

import (
	"cmp"
	"context"
	"path/filepath"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/redirect"
	"mailchute/relay/report"
	"mailchute/relay/runner"
	"mailchute/relay/secret"
)

// stateDir is where a user's own files of state are kept; root has the machine's.
func stateDir(uid int, home string, getenv func(string) string) string {
	if uid == 0 {
		return "/var/spool/mailchute"
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "mailchute")
	}
	if h := cmp.Or(getenv("HOME"), home); filepath.IsAbs(h) {
		return filepath.Join(h, ".local", "state", "mailchute")
	}
	return ""
}

// queueDir is the directory of an account's queue.
func queueDir(a *config.Account, uid int, home string, getenv func(string) string) string {
	dir := stateDir(uid, home, getenv)
	switch {
	case a.Queue.Dir != "":
		return a.Queue.Dir
	case uid == 0, dir == "":
		return dir
	}
	return filepath.Join(dir, "queue")
}

// openQueue is the queue of an account, nil where it is turned off or a user has
// no place for one.
func (f *face) openQueue(a *config.Account) (*queue.Queue, error) {
	dir := queueDir(a, f.who.uid, f.who.home, f.Getenv)
	if f.args.QueueDir != "" {
		dir = f.args.QueueDir
	}
	if !a.Queue.Enabled || dir == "" {
		return nil, nil
	}
	return queue.Open(dir)
}

// openMemory is what 557 taught this user, nil where nothing is to be remembered.
func openMemory(a *config.Account, getenv func(string) string) *redirect.Memory {
	if !a.Redirect.Remember || a.Redirect.Follow == redirect.FollowNever {
		return nil
	}
	path := memoryPath(getenv)
	if path == "" {
		return nil
	}
	return redirect.OpenMemory(path)
}

// memoryPath is where that memory lies: with the user's own state, root's with
// the machine's.
func memoryPath(getenv func(string) string) string {
	who := lookUpUser()
	if who.uid == 0 && getenv("XDG_STATE_HOME") == "" {
		return "/var/lib/mailchute/redirects"
	}
	dir := stateDir(max(who.uid, 1), who.home, getenv) // root's too, where XDG_STATE_HOME says so
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "redirects")
}

// accept puts an envelope into the queue: all of it, or the recipients that are
// deferred after an attempt.
func (p *post) accept(sub *inject.Submission, env *envelope.Envelope, retries []queue.Retry) (string, error) {
	e := queue.Entry{Submitted: sub.Stamp.Now, Account: p.account.Name, User: p.journal.user, Errors: errorMode(p.onError),
		Envelope: env, Message: sub.Message, Retries: retries}
	if h := env.Options.Hold; h != nil && deferredForHold(env) {
		// The server does not offer FUTURERELEASE, RFC 4865: it is held here.
		e.NotBefore = h.Until
		env.Options.Hold = nil
	}
	return p.queue.Accept(e)
}

func errorMode(c byte) string {
	if c == 0 {
		return ""
	}
	return string(rune(c))
}

func deferredForHold(env *envelope.Envelope) bool {
	for _, r := range env.Recipients {
		if r.Outcome.Cause == envelope.CauseHold {
			return true
		}
	}
	return false
}

// keep takes care of the recipients that were deferred. The id is "" when there
// are none, or when nobody can take care of them.
func (p *post) keep(sub *inject.Submission, env *envelope.Envelope) string {
	deferred := env.Deferred()
	if p.queue == nil || len(deferred) == 0 {
		return ""
	}
	late := *env
	late.Recipients = deferred
	now := sub.Stamp.Now
	retries := make([]queue.Retry, len(deferred))
	for i := range retries {
		retries[i] = queue.Retry{Attempts: 1, Last: now, Next: queue.Next(1, now, p.account.Queue.RetryMin, p.account.Queue.RetryMax, 0.5)}
	}
	id, err := p.accept(sub, &late, retries)
	if err != nil {
		p.voice.say("the queue could not take the message: %v", err)
		p.journal.note(err.Error())
		return ""
	}
	p.journal.keep(deferred)
	return id
}

// mailBack sends the sender a report about what failed for good: through the
// queue where there is one, else by the same smarthost. A report that cannot be
// sent leaves the lines on standard error.
func (p *post) mailBack(ctx context.Context, sub *inject.Submission) {
	for _, env := range sub.Envelopes {
		if len(env.Failed()) == 0 || env.Sender.IsNull() {
			continue
		}
		a := p.runnerAccount(sub)
		msg, back, err := report.Failure(report.Original{Envelope: env, Message: sub.Message, Submitted: sub.Stamp.Now}, runner.NewStamp(a, sub.Stamp.Now))
		if err != nil {
			continue
		}
		if p.queue != nil {
			id, err := p.queue.Accept(queue.Entry{Submitted: sub.Stamp.Now, Account: p.account.Name, User: p.journal.user, Envelope: back, Message: msg})
			if err == nil && p.runDetached(id) == nil {
				continue
			}
		}
		p.sendReport(ctx, sub, back, msg)
	}
}

func (p *post) sendReport(ctx context.Context, sub *inject.Submission, back *envelope.Envelope, msg *message.Message) {
	r, err := p.relay(sub.Who.Hostname)
	if err != nil {
		return
	}
	r.Deliver(ctx, back, msg)
	for _, rcpt := range back.Recipients {
		if rcpt.Outcome.State != envelope.Delivered {
			p.warn("the report to " + path(rcpt.Original) + " could not be sent: " + rcpt.Outcome.Text())
		}
	}
}

// checkSecret looks at the permissions of the password file.
func checkSecret(a *config.Account) (warning string, err error) {
	if a.Secret.File == "" || a.AuthOff {
		return "", nil
	}
	warning, err = secret.Check(a.Secret.File)
	if err != nil {
		return "", &configError{err}
	}
	return warning, nil
}

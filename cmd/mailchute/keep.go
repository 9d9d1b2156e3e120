package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"time"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/redirect"
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
	dir, err := filepath.Abs(dir) // runs in the background start elsewhere
	if err != nil {
		return nil, err
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
	return learntPath("redirects", who.uid, who.home, getenv)
}

// learntPath is where a user keeps what deliveries have taught, "" for nowhere:
// root with the machine's, unless XDG_STATE_HOME says otherwise.
func learntPath(name string, uid int, home string, getenv func(string) string) string {
	if uid == 0 && getenv("XDG_STATE_HOME") == "" {
		return filepath.Join("/var/lib/mailchute", name)
	}
	dir := stateDir(max(uid, 1), home, getenv)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

// accept puts an envelope into the queue: the recipients that are deferred after
// an attempt, or those that failed.
func (p *post) accept(sub *inject.Submission, env *envelope.Envelope, retries []queue.Retry) (string, error) {
	return p.queue.Accept(p.entry(sub, env, retries))
}

// entry is an envelope of a submission as the queue takes it.
func (p *post) entry(sub *inject.Submission, env *envelope.Envelope, retries []queue.Retry) queue.Entry {
	e := queue.Entry{Submitted: sub.Stamp.Now, Account: p.account.Name, User: p.journal.user, Errors: errorMode(p.onError),
		Envelope: env, Message: sub.Message, Retries: retries}
	if h := env.Options.Hold; h != nil && deferredForHold(env) {
		// The server does not offer FUTURERELEASE, RFC 4865: it is held here.
		e.NotBefore, e.Since = h.Until, h.Until
		env.Options.Hold = nil
	}
	return e
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
// are none, or when nobody can take care of them. Where the way is held there is
// no attempt before until.
func (p *post) keep(sub *inject.Submission, env *envelope.Envelope, until time.Time) string {
	deferred := env.Deferred()
	if p.queue == nil || len(deferred) == 0 {
		return ""
	}
	late := *env
	late.Recipients = deferred
	now := time.Now()
	if until.IsZero() {
		until = queue.Next(1, now, p.account.Queue.RetryMin, p.account.Queue.RetryMax, rand.Float64())
	}
	retries := make([]queue.Retry, len(deferred))
	for i := range retries {
		retries[i] = queue.Retry{Attempts: 1, Last: now, Next: until}
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

// heldLogin is the refused login that holds this account. Programs do not try it
// again before its time: servers lock accounts. A person at a terminal may just
// have mended it.
func (p *post) heldLogin() (*envelope.Outcome, time.Time) {
	h, held := p.loginHold()
	if !held || p.loud {
		return nil, time.Time{}
	}
	return &envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseLogin, Reason: h.Reason}, h.Until
}

func (p *post) loginHold() (queue.RouteHold, bool) {
	if p.queue == nil {
		return queue.RouteHold{}, false
	}
	h, held := p.queue.RouteHold(p.account.Name)
	return h, held && h.Login && h.Active(time.Now())
}

// holdWay makes what waits in the queue wait for the way that this attempt found
// in trouble. Attempts during a hold do not make it longer: how much mail comes
// says nothing about the way.
func (p *post) holdWay(sub *inject.Submission, trouble *envelope.Outcome) time.Time {
	if p.queue == nil || trouble == nil || trouble.State != envelope.Deferred {
		return time.Time{}
	}
	now := time.Now()
	login := trouble.Cause == envelope.CauseLogin
	if h, held := p.queue.RouteHold(p.account.Name); held && h.Active(now) && h.Login == login {
		return h.Until
	}
	until, err := runner.Hold(p.queue, p.account.Name, p.runnerAccount(sub), *trouble, now)
	if err != nil {
		p.journal.note(err.Error())
	}
	return until
}

// checkSecret looks at the permissions of the password file.
func checkSecret(a *config.Account) (warning string, err error) {
	files := [][2]string{{"dkim.key_file", a.DKIM.KeyFile}}
	if !a.AuthOff {
		files = append(files, [2]string{"password_file", a.Secret.File})
	}
	for _, f := range files {
		key, file := f[0], f[1]
		if file == "" {
			continue
		}
		w, err := secret.Check(file)
		var absent *fs.PathError
		if errors.As(err, &absent) {
			err = fmt.Errorf("%s: %q: %w", key, file, absent.Err)
		}
		if err != nil {
			return "", &configError{err}
		}
		warning = cmp.Or(warning, w)
	}
	return warning, nil
}

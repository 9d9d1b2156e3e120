package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
	"mailchute/relay/queue"
	"mailchute/relay/runner"
	"mailchute/relay/xqueue"
)

// runnerAccount is how the queue sends with this account.
func (p *post) runnerAccount(sub *inject.Submission) *runner.Account {
	return newRunnerAccount(p.account, sub.Who)
}

func newRunnerAccount(a *config.Account, who inject.Who) *runner.Account {
	host := who.Hostname
	if host == "" {
		host = who.Fallback.Domain
	}
	return &runner.Account{
		RetryMin: a.Queue.RetryMin, RetryMax: a.Queue.RetryMax, Expire: a.Queue.Expire, WarnAfter: a.Queue.WarnAfter,
		Reporter: address.Addr{Local: "mailer-daemon", Domain: who.Fallback.Domain}, Host: host,
	}
}

// newRunner makes the runner of a queue. Every account of the configuration can
// be asked for; what one says of its queue's place has been settled already.
func (f *face) newRunner(q *queue.Queue, j *journal) *runner.Runner {
	return &runner.Runner{Queue: q, Workers: f.config.Default.Queue.Workers, Now: time.Now, Told: j.attempted,
		Account: func(name string) (*runner.Account, error) {
			a, err := f.config.Account(name)
			if err != nil {
				return nil, err
			}
			who, err := rules(a).Identity.Resolve(world(f.who, f.Getenv))
			if err != nil {
				return nil, err
			}
			p := &post{process: f.process, config: f.config, account: a, queue: q, voice: f.voice, journal: j, loud: f.args.Verbose || isTerminal(f.Stderr)}
			if p.trace, _, err = f.tracer(); err != nil {
				return nil, err
			}
			ra := newRunnerAccount(a, who)
			ra.Relay, err = p.relay(who.Hostname)
			return ra, err
		}}
}

// accounts is the main account and all others.
func (f *face) accounts() []config.Account {
	return append([]config.Account{f.config.Default}, f.config.Accounts...)
}

// queues is the queues of all accounts, each once.
func (f *face) queues() ([]*queue.Queue, error) {
	accounts := f.accounts()
	var qs []*queue.Queue
	seen := map[string]bool{}
	for i := range accounts {
		q, err := f.openQueue(&accounts[i])
		if err != nil {
			return nil, err
		}
		if q != nil && !seen[q.Path()] {
			seen[q.Path()] = true
			qs = append(qs, q)
		}
	}
	return qs, nil
}

// book is the log of a queue run.
func (f *face) book() (*journal, func(), error) {
	book, err := logbook.Open(f.config.Default.Log.To, f.config.Default.Log.Format, f.tag())
	if err != nil {
		return nil, nil, &configError{err}
	}
	return &journal{book: book, user: f.who.login}, func() { book.Close() }, nil
}

// flush is -q: one run, or with a time a run every so often.
func (f *face) flush(ctx context.Context) error {
	if err := f.load(); err != nil {
		return err
	}
	r := f.args.Runner
	if r.Every == 0 {
		_, _, err := f.flushStores(ctx, runner.Scope{All: true, Match: matching(r)}, filterOf(r), nil)
		return err
	}
	if !r.Foreground {
		return f.detach()
	}
	for tick := time.NewTicker(r.Every); ; {
		if _, err := f.runQueues(ctx, runner.Scope{Match: matching(r)}); err != nil {
			f.voice.say("%v", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil
		}
	}
}

// flushStores is a run of our queues, and a word to the servers to run theirs,
// which is all that can be waited for. asked is how many messages they try.
func (f *face) flushStores(ctx context.Context, scope runner.Scope, filter xqueue.Filter, watch func(runner.Event)) (sum runner.Tally, asked int, err error) {
	p, err := f.stores(ctx)
	if err != nil {
		return sum, 0, err
	}
	defer p.close()
	for _, c := range p.servers {
		a, askErr := c.Flush(ctx, filter)
		err = cmp.Or(err, askErr)
		asked += a.Messages
	}
	sum, runErr := f.runWatched(ctx, p.queues, scope, watch)
	return sum, asked, cmp.Or(runErr, err, p.missing)
}

// runQueues makes one pass over all queues.
func (f *face) runQueues(ctx context.Context, scope runner.Scope) (sum runner.Tally, err error) {
	qs, err := f.queues()
	if err != nil {
		return sum, err
	}
	return f.runWatched(ctx, qs, scope, nil)
}

// runWatched makes one pass over some queues, tells watch, if there is one, of each
// attempt, and closes them.
func (f *face) runWatched(ctx context.Context, qs []*queue.Queue, scope runner.Scope, watch func(runner.Event)) (sum runner.Tally, err error) {
	if len(qs) == 0 {
		return sum, nil
	}
	j, done, err := f.book()
	if err != nil {
		return sum, err
	}
	defer done()
	for _, q := range qs {
		r := f.newRunner(q, j)
		if watch != nil {
			r.Told = func(e runner.Event) {
				j.attempted(e)
				watch(e)
			}
		}
		tally, runErr := r.Run(ctx, scope)
		if runErr != nil {
			err = runErr
		}
		sum.Messages += tally.Messages
		sum.Delivered += tally.Delivered
		sum.Deferred += tally.Deferred
		sum.Failed += tally.Failed
		f.tidy(q, j)
		q.Close()
	}
	return sum, err
}

// tidy forgets what failed long ago and sweeps up what crashes left.
func (f *face) tidy(q *queue.Queue, j *journal) {
	now := time.Now()
	if _, err := q.Expire(now.Add(-f.config.Default.Queue.KeepFailed)); err != nil {
		j.note(err.Error())
	}
	for _, err := range q.Sweep(now) {
		j.note(err.Error())
	}
}

// pickUp starts a run in the background when something is due: machines without
// serve or a timer get their queue emptied by the next mail that works. A way
// that was held is free again, and what waited for it goes at once.
func (p *post) pickUp() {
	if p.queue == nil {
		return
	}
	done, busy, err := p.queue.LockRun()
	if busy || err != nil {
		return
	}
	done()
	var options []string
	if _, held := p.queue.RouteHold(p.account.Name); held {
		if err := p.queue.FreeRoute(p.account.Name); err != nil {
			p.journal.note(err.Error())
		}
		options = []string{"--all"}
	} else if !isDue(p.queue) {
		return
	}
	if err := p.runDetached(options...); err != nil {
		p.warn("the queue could not be run: " + err.Error())
	}
}

// soon is how long a run of the queue waits for more to come into it.
const soon = 2 * time.Second

// runSoon starts a run in the background a little later, unless one is waiting or
// at work already: it looks again before it ends.
func (p *post) runSoon() {
	done, busy, err := p.queue.LockRun()
	if busy || err != nil {
		return
	}
	done()
	if err := p.runDetached("--after", soon.String()); err != nil {
		p.warn("the queue could not be run: " + err.Error())
	}
}

// runDetached starts a queue run that outlives this process, for some messages
// or for all that is due. what is ids and options of `queue run`.
func (p *post) runDetached(what ...string) error {
	args := []string{"queue", "run", "-C", p.config.Path, "--queue-dir", p.queue.Path()}
	return startDetached(append(args, what...))
}

// detach goes on in the background with the runs that -q asked for.
func (f *face) detach() error {
	args := append([]string{"sendmail", "-C", f.config.Path}, runnerArgs(f.args.Runner)...)
	if f.args.QueueDir != "" {
		dir, err := filepath.Abs(f.args.QueueDir)
		if err != nil {
			return err
		}
		args = append(args, "-oQ"+dir)
	}
	return startDetached(args)
}

// runnerArgs is the forms of -q that ask for r, in the foreground.
func runnerArgs(r inject.Runner) []string {
	return []string{"-qf" + r.Every.String(), "-qI" + r.ID, "-qR" + r.Recipient, "-qS" + r.Sender}
}

// startDetached runs this program in a session of its own, with nothing to read
// from and nowhere to write to.
func startDetached(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	leaveBehind()
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "mailchute" // a copy of this program may be called sendmail, and would take args for recipients
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", self, err)
	}
	return cmd.Process.Release()
}

// leaveBehind keeps from the processes that outlive us what our caller left open
// in us: a lock would stay held, and who reads a pipe to its end would wait.
func leaveBehind() {
	open, _ := os.ReadDir("/dev/fd")
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// matching tells whether a message is one that -qI, -qR and -qS speak of.
func matching(r inject.Runner) func(*queue.Entry) bool {
	return func(e *queue.Entry) bool {
		if !strings.Contains(e.ID, r.ID) || !strings.Contains(e.Envelope.Sender.String(), r.Sender) {
			return false
		}
		for _, rcpt := range e.Envelope.Recipients {
			if strings.Contains(rcpt.Address.String(), r.Recipient) || strings.Contains(rcpt.Original.String(), r.Recipient) {
				return true
			}
		}
		return false
	}
}

package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/machine"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/relay/queue"
	"mailchute/relay/xqueue"
)

// Limits of what is looked at, and of what is worth a word.
const (
	maxListed    = 20000            // messages of one queue
	littleRoom   = 64 << 20         // octets of a file system
	fewFiles     = 1000             // that it takes more
	overdueAfter = time.Hour        // that something is due and nobody has tried it
	clockSlack   = 10 * time.Minute // that a time may lie in the future
)

// queueHealth is what was seen of one queue.
type queueHealth struct {
	path    string
	err     error // it cannot be used
	missing bool  // it will be made when it is needed
	waiting int
	cut     bool // there are more than were looked at
	oldest  *queue.Summary
	overdue int // due for a long time
	future  int // submitted by a clock that was ahead, or is behind now
	failed  int
	aside   int // damaged, or not ours
	holds   []queue.RouteHold
	busy    bool // a run is at work
	octets  uint64
	files   uint64
	room    bool // octets and files are known
}

// checkQueues looks at the queues of all accounts, and at what the local server
// holds for this user. clocked tells whether something runs them by the clock.
func checkQueues(ctx context.Context, at About, f *face.Call, clocked bool) {
	for _, a := range f.Config.All() {
		if !a.Queue.Enabled && len(a.Smarthosts) > 0 && !wire.ByLocalServer(a) {
			at.About(a.Name).note("queue", "it is turned off: when the smarthost cannot be reached, the caller gets status 75 and keeps the message", "")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	p, err := desk.OpenStores(ctx, f)
	if err != nil {
		at.error("queue", exit.CantCreate, err.Error(), "")
		return
	}
	defer p.Close()
	now, late := time.Now(), f.Config.Default.Queue.WarnAfter
	for _, q := range p.Queues {
		inspect(q, now).tell(at, now, clocked, late)
	}
	for _, q := range p.Idle {
		if h := inspect(q, now); h.waiting > 0 {
			at.warn("queue", fmt.Sprintf("%s: %d waiting of another configuration, and this one does not send them", h.path, h.waiting), "mailchute queue list; a configuration with that queue and a smarthost sends them")
		}
	}
	for _, c := range p.Servers {
		h := queueHealth{path: "the local server, for this user"}
		h.count(desk.AtServer{Ctx: ctx, Client: c}, now)
		h.tell(at, now, true, late)
	}
}

// inspect looks at one queue.
func inspect(q *queue.Queue, now time.Time) queueHealth {
	h := queueHealth{path: q.Path()}
	dir := h.path
	if _, err := os.Stat(h.path); errors.Is(err, fs.ErrNotExist) {
		h.missing = true
		dir = nearest(h.path)
		h.err = unix.Access(dir, unix.W_OK|unix.X_OK)
	}
	h.octets, h.files, h.room = machine.Space(dir)
	if h.missing {
		return h
	}
	h.holds, _ = q.RouteHolds()
	done, busy, err := q.LockRun()
	if h.busy = busy; err == nil && !busy {
		done()
	}
	h.count(desk.OnDisk{Queue: q}, now)
	if entries, err := os.ReadDir(filepath.Join(h.path, "corrupt")); err == nil {
		h.aside = len(entries) / 2 // each has its reason beside it
	}
	return h
}

// nearest is the directory above path that is there.
func nearest(path string) string {
	for path = filepath.Dir(path); path != "/"; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			break
		}
	}
	return path
}

var errEnough = errors.New("enough was seen")

// count goes through the messages.
func (h *queueHealth) count(s desk.Store, now time.Time) {
	ignore := func(error) {}
	err := s.Each(xqueue.Filter{}, func(m queue.Summary) error {
		if h.waiting++; h.waiting > maxListed {
			h.cut = true
			return errEnough
		}
		if h.oldest == nil {
			h.oldest = &m
		}
		if !m.Held && !m.Next.IsZero() && now.Sub(m.Next) > overdueAfter {
			h.overdue++
		}
		if m.Submitted.Sub(now) > clockSlack {
			h.future++
		}
		return nil
	}, ignore)
	if err == nil {
		err = s.Each(xqueue.Filter{Failed: true}, func(queue.Summary) error {
			h.failed++
			return nil
		}, ignore)
	}
	if !errors.Is(err, errEnough) {
		h.err = err
	}
}

// tell says what was seen.
func (h queueHealth) tell(at About, now time.Time, clocked bool, late time.Duration) {
	if h.err != nil {
		at.error("queue", exit.CantCreate, fmt.Sprintf("%s cannot be used: %v", h.path, h.err), "mail that cannot be sent at once is not kept; mend its owner and permissions (0700), or set queue.dir")
		return
	}
	h.tellRoom(at)
	if h.missing {
		at.ok("queue", h.path+" is made when the first message has to wait")
		return
	}
	switch {
	case h.waiting > 0:
		h.tellWaiting(at, now, late)
	case clocked:
		at.ok("queue", h.path+": nothing waits; it is run by the clock")
	default:
		at.ok("queue", h.path+": nothing waits; each mail that works runs it, and nothing does by the clock")
	}
	for _, r := range h.holds {
		if r.Active(now) {
			at.warn("queue", fmt.Sprintf("%s is in trouble since %s and tried again at %s: %s", way(r.Name), voice.Time(r.Since), voice.Time(r.Until), r.Reason), "mend it, then: mailchute queue flush")
		}
	}
	switch {
	case h.overdue > 0 && h.busy:
		at.warn("queue", fmt.Sprintf("%d messages are overdue, though a run is at work: it may be stuck", h.overdue), "fuser "+h.path+" tells its process; to end it loses nothing")
	case h.overdue > 0 && !clocked:
		at.warn("queue", fmt.Sprintf("%d messages are overdue, and nothing runs the queue by the clock", h.overdue), "mailchute queue flush tries them now; mailchute-queue.timer, mailchute serve or sendmail -q15m does it every time")
	case h.overdue > 0:
		at.warn("queue", fmt.Sprintf("%d messages are overdue", h.overdue), "mailchute queue flush tries them now")
	case h.busy:
		at.ok("queue", "a run is at work")
	}
	if h.failed > 0 {
		at.note("queue", fmt.Sprintf("%d messages failed for good", h.failed), "mailchute queue list --failed; queue retry or queue remove")
	}
	if h.aside > 0 {
		at.warn("queue", fmt.Sprintf("%d damaged or foreign files were set aside", h.aside), "the reasons are in "+filepath.Join(h.path, "corrupt"))
	}
	if h.future > 0 {
		at.warn("clock", fmt.Sprintf("%d messages in the queue were submitted in the future", h.future), "is the clock right?")
	}
}

// tellWaiting is how many wait, and why the oldest does.
func (h queueHealth) tellWaiting(at About, now time.Time, late time.Duration) {
	many := fmt.Sprintf("%s: %d waiting", h.path, h.waiting)
	if h.cut {
		many = fmt.Sprintf("%s: more than %d waiting", h.path, maxListed)
	}
	age := now.Sub(h.oldest.Submitted).Round(time.Minute)
	text := fmt.Sprintf("%s, the oldest (%s) for %s: %s", many, h.oldest.ID, age, cmp.Or(h.oldest.LastError, "not tried yet"))
	if h.oldest.Held {
		text += " (held by hand)"
	}
	if late > 0 && age > late {
		at.warn("queue", text, "mailchute queue show "+h.oldest.ID)
		return
	}
	at.note("queue", text, "")
}

func (h queueHealth) tellRoom(at About) {
	switch {
	case !h.room:
	case h.octets < littleRoom:
		at.warn("queue", fmt.Sprintf("only %d MB are free where %s lies", h.octets>>20, h.path), "make room, or no message can be kept")
	case h.files < fewFiles:
		at.warn("queue", fmt.Sprintf("only %d more files fit where %s lies (inodes)", h.files, h.path), "make room, or no message can be kept")
	}
}

// way names an account's way.
func way(account string) string {
	if account == "" {
		return "the smarthost"
	}
	return "the smarthost of account " + account
}

package check

import (
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/queue"
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

// tell says what was seen.
func (h queueHealth) tell(at about, now time.Time, clocked bool, late time.Duration) {
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
			at.warn("queue", fmt.Sprintf("%s is in trouble since %s and tried again at %s: %s", voice.Way(r.Name), voice.Time(r.Since), voice.Time(r.Until), r.Reason), "mend it, then: mailchute queue flush")
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
	h.tellFailed(at)
	if h.aside > 0 {
		at.warn("queue", fmt.Sprintf("%d damaged or foreign files were set aside", h.aside), "the reasons are in "+filepath.Join(h.path, "corrupt"))
	}
	if h.future > 0 {
		at.warn("clock", fmt.Sprintf("%d messages in the queue were submitted in the future", h.future), "is the clock right?")
	}
}

// tellOff says what is left in a queue that was turned off.
func (h queueHealth) tellOff(at about) {
	if h.waiting > 0 {
		at.warn("queue", fmt.Sprintf("%s: %d waiting from before it was turned off", h.path, h.waiting), "mailchute queue flush tries them, and no mail that works does")
	}
	h.tellFailed(at)
}

func (h queueHealth) tellFailed(at about) {
	if h.failed > 0 {
		at.note("queue", fmt.Sprintf("%d messages failed for good", h.failed), "mailchute queue list --failed; queue retry or queue remove")
	}
}

// tellWaiting is how many wait, and why the oldest does.
func (h queueHealth) tellWaiting(at about, now time.Time, late time.Duration) {
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

func (h queueHealth) tellRoom(at about) {
	switch {
	case !h.room:
	case h.octets < littleRoom:
		at.warn("queue", fmt.Sprintf("only %d MB are free where %s lies", h.octets>>20, h.path), "make room, or no message can be kept")
	case h.files < fewFiles:
		at.warn("queue", fmt.Sprintf("only %d more files fit where %s lies (inodes)", h.files, h.path), "make room, or no message can be kept")
	}
}

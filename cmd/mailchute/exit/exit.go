// Package exit turns meaning into numbers: the statuses of sysexits(3) for callers
// of the program, and replies for clients of a session.
//
// It is the only place that knows them; all others know errors and outcomes.
package exit

// Status is a status of sysexits(3).
type Status int

// The statuses. This file is the only place where meaning becomes a number.
const (
	OK          Status = 0
	Usage       Status = 64
	DataErr     Status = 65
	NoUser      Status = 67
	NoHost      Status = 68
	Unavailable Status = 69
	Software    Status = 70
	CantCreate  Status = 73
	IOErr       Status = 74
	TempFail    Status = 75
	Protocol    Status = 76
	NoPerm      Status = 77
	Config      Status = 78
)

// Worst is the status of a whole submission: a permanent failure before a
// temporary one, then the first in the order of the recipients.
func Worst(statuses []Status) Status {
	worst := OK
	for _, s := range statuses {
		switch {
		case s == OK:
		case worst == OK, temporary(worst) && !temporary(s):
			worst = s
		}
	}
	return worst
}

func temporary(s Status) bool { return s == TempFail || s == Protocol }

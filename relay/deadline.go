package relay

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"mailchute/relay/envelope"
)

// TooLate is the outcome of a message that is to be returned because its deadline has
// passed, and nil where it may be sent. It needs no server, so it holds wherever the
// way leads, and where it leads nowhere.
func TooLate(by *envelope.DeliverBy, now time.Time) *envelope.Outcome {
	if !by.Missed(now) {
		return nil
	}
	return refuse(5, 4, 7, "the deadline set with --deliver-by has passed")
}

// deliverBy is RFC 2852 section 4: in mode R the deadline is a demand.
func (p parameters) deliverBy(out []string) ([]string, *envelope.Outcome) {
	by := p.options.DeliverBy
	if by == nil {
		return out, nil
	}
	within := by.Deadline.Sub(p.now)
	left := int(math.Ceil(within.Seconds()))
	switch {
	case !p.ext.DeliverBy && by.Return:
		return nil, refuse(5, 4, 7, "a deadline was set with --deliver-by, and the server does not offer DELIVERBY")
	case !p.ext.DeliverBy:
		p.drop("DELIVERBY")
		return out, nil
	case by.Missed(p.now):
		return nil, TooLate(by, p.now)
	case by.Return && within < p.ext.MinBy: // section 4.1.4.1
		return nil, refuse(5, 4, 7, fmt.Sprintf("the deadline is %d seconds away, and the server needs at least %.0f", left, p.ext.MinBy.Seconds()))
	}
	mode := ";N"
	if by.Return {
		mode = ";R"
	}
	if by.Trace {
		mode += "T"
	}
	return append(out, "BY="+strconv.Itoa(left)+mode), nil
}

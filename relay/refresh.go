package relay

import (
	"slices"
	"time"
)

// What a carrier has found out of a way, such as servers that do not answer, it knows
// for the messages behind: a thousand for a domain whose servers are down wait for
// their time limits once. It does not know it for ever.

// knownFor is how long that is. It is long beside the time limits of connections.
const knownFor = 10 * time.Minute

// refresh begins with the first smarthost again, and asks again where that is, when
// what is known is old and no connection stands.
func (c *Carrier) refresh() {
	if c.learnt.IsZero() || time.Since(c.learnt) < knownFor || c.conn != nil && c.conn.Usable() {
		return
	}
	c.disconnect()
	if c.beyond != nil {
		c.beyond.disconnect()
	}
	c.next, c.endpoints, c.trouble, c.learnt, c.beyond = 0, nil, nil, time.Time{}, nil
	c.plainly, c.apart, c.most = false, false, 0
}

// ForgetTrouble makes the next message try again the domains' own servers and the
// smarthosts for REQUIRETLS that could not be reached. A run of a queue does without:
// there each message has another time.
func (c *Carrier) ForgetTrouble() {
	c.others = slices.DeleteFunc(c.others, func(o *Carrier) bool { return o.Trouble() != nil })
	if c.beyond != nil && c.beyond.Trouble() != nil {
		c.beyond = nil
	}
}

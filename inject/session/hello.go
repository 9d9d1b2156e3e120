package session

import (
	"strconv"
	"time"

	"mailchute/relay/reply"
	"mailchute/relay/xqueue"
)

// offers is the reply to EHLO, RFC 5321 section 4.1.1.1: the name of the host,
// then one line for each extension.
func offers(o Options, chunks bool, now time.Time) reply.Reply {
	lines := []string{
		o.Name,
		"PIPELINING",
		"8BITMIME",
		"SMTPUTF8",
		"SIZE " + strconv.FormatInt(o.Limits.Size, 10), // RFC 1870 section 4: 0 is no fixed limit
		"DSN",
		"ENHANCEDSTATUSCODES",
	}
	if chunks { // RFC 3030
		lines = append(lines, "CHUNKING", binaryMIME)
	}
	lines = append(lines,
		"MT-PRIORITY",
		"DELIVERBY",
		"RRVS",
		"LIMITS RCPTMAX="+strconv.Itoa(o.Limits.Recipients)) // RFC 9422
	if o.MaxHold > 0 { // RFC 4865 section 3
		lines = append(lines, "FUTURERELEASE "+strconv.FormatInt(int64(o.MaxHold/time.Second), 10)+" "+
			now.Add(o.MaxHold).UTC().Format("2006-01-02T15:04:05Z"))
	}
	if o.RequireTLS {
		lines = append(lines, "REQUIRETLS")
	}
	if o.XQueue != nil {
		lines = append(lines, xqueue.Keyword)
	}
	return reply.Reply{Code: 250, Lines: lines}
}

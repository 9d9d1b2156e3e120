package smtp

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Extensions is what a server offers in its reply to EHLO. Values that cannot be
// understood count as not given.
type Extensions struct {
	StartTLS            bool // RFC 3207
	Pipelining          bool // RFC 2920
	Chunking            bool // RFC 3030
	BinaryMIME          bool // RFC 3030; never without Chunking
	EightBitMIME        bool // RFC 6152
	SMTPUTF8            bool // RFC 6531
	EnhancedStatusCodes bool // RFC 2034
	DSN                 bool // RFC 3461
	RequireTLS          bool // RFC 8689; never where others may listen: without TLS, and not on a Unix socket
	RRVS                bool // RFC 7293
	MTPriority          bool // RFC 6710

	Size    bool  // RFC 1870
	MaxSize int64 // octets; 0: no fixed limit

	Auth []string // RFC 4954: the mechanisms, in upper case

	DeliverBy bool          // RFC 2852
	MinBy     time.Duration // the shortest time for mode R; 0: none

	FutureRelease bool          // RFC 4865
	MaxHold       time.Duration // the longest HOLDFOR
	MaxUntil      time.Time     // the latest HOLDUNTIL

	Limits Limits

	XQueue bool // package xqueue
}

// Limits is what a server says of its limits, RFC 9422. Zero means no word.
type Limits struct {
	MailMax       int // transactions a session
	RcptMax       int // recipients a transaction
	RcptDomainMax int // different recipient domains a session
}

// parseExtensions reads the lines of a reply to EHLO. The first one is the
// server's name and a greeting, never a keyword. Keywords are compared without
// regard to case (RFC 5321 section 2.4). private tells whether there is TLS, or nobody
// who could listen: REQUIRETLS means nothing elsewhere (RFC 8689 section 2).
func parseExtensions(lines []string, private bool) Extensions {
	var x Extensions
	for i, line := range lines {
		if words := strings.Fields(line); i > 0 && len(words) > 0 {
			x.add(strings.ToUpper(words[0]), words[1:])
		}
	}
	x.BinaryMIME = x.BinaryMIME && x.Chunking
	x.RequireTLS = x.RequireTLS && private
	return x
}

func (x *Extensions) add(keyword string, words []string) {
	switch keyword {
	case "STARTTLS":
		x.StartTLS = true
	case "PIPELINING":
		x.Pipelining = true
	case "CHUNKING":
		x.Chunking = true
	case "BINARYMIME":
		x.BinaryMIME = true
	case "8BITMIME":
		x.EightBitMIME = true
	case "SMTPUTF8":
		x.SMTPUTF8 = true
	case "ENHANCEDSTATUSCODES":
		x.EnhancedStatusCodes = true
	case "DSN":
		x.DSN = true
	case "REQUIRETLS":
		x.RequireTLS = true
	case "RRVS":
		x.RRVS = true
	case "MT-PRIORITY":
		x.MTPriority = true
	case "SIZE":
		x.Size = true
		x.MaxSize = number(words, 1<<62)
	case "AUTH":
		x.addMechanisms(words)
	case "DELIVERBY":
		x.DeliverBy = true
		x.MinBy = time.Duration(number(words, 999_999_999)) * time.Second
	case "FUTURERELEASE":
		x.addFutureRelease(words)
	case "XQUEUE":
		x.XQueue = true
	case "LIMITS":
		x.Limits.add(words)
	default:
		// The form of before RFC 2554, "AUTH=LOGIN PLAIN", is still in use.
		if first, old := strings.CutPrefix(keyword, "AUTH="); old {
			x.addMechanisms(append([]string{first}, words...))
		}
	}
}

func (x *Extensions) addMechanisms(words []string) {
	for _, w := range words {
		if w = strings.ToUpper(w); w != "" && !slices.Contains(x.Auth, w) {
			x.Auth = append(x.Auth, w)
		}
	}
}

// addFutureRelease wants both values: RFC 4865 section 4.1.
func (x *Extensions) addFutureRelease(words []string) {
	if len(words) < 2 {
		return
	}
	seconds := number(words, 999_999_999)
	until, err := time.Parse(time.RFC3339, strings.ToUpper(words[1]))
	if err != nil || seconds == 0 {
		return
	}
	x.FutureRelease = true
	x.MaxHold = time.Duration(seconds) * time.Second
	x.MaxUntil = until
}

// add takes the limits that are known and have a sensible value; all others are
// ignored (RFC 9422 section 3).
func (l *Limits) add(words []string) {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		n := int(number([]string{value}, 999_999))
		if n == 0 {
			continue
		}
		switch strings.ToUpper(name) {
		case "MAILMAX":
			l.MailMax = n
		case "RCPTMAX":
			l.RcptMax = n
		case "RCPTDOMAINMAX":
			l.RcptDomainMax = n
		}
	}
}

// number is the first word as a whole number from 0 to most, 0 for all else.
func number(words []string, most int64) int64 {
	if len(words) == 0 {
		return 0
	}
	n, err := strconv.ParseUint(words[0], 10, 63)
	if err != nil || n > uint64(most) {
		return 0
	}
	return int64(n)
}

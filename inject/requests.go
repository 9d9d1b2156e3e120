package inject

import (
	"strconv"
	"strings"
	"time"

	"mailchute/relay/envelope"
)

// deliverBy is RFC 2852 section 4: by-time;by-mode[T]. Nine digits bound the time.
func (a *Args) deliverBy(v string) error {
	seconds, mode, _ := strings.Cut(v, ";")
	n, err := strconv.Atoi(seconds)
	base, trace := strings.CutSuffix(strings.ToUpper(mode), "T")
	if err != nil || n < -999999999 || n > 999999999 || base != "R" && base != "N" || base == "R" && n <= 0 {
		return usagef("--deliver-by %q: want seconds, a semicolon, and R or N, maybe with T: 3600;N", v)
	}
	a.DeliverBy = DeliverBy{Asked: true, Within: time.Duration(n) * time.Second, Return: base == "R", Trace: trace}
	return nil
}

// notify is -N, RFC 3461 section 4.1.
func (a *Args) notify(v string) error {
	var n envelope.Notify
	for _, word := range strings.Split(v, ",") {
		if !n.Ask(strings.ToLower(strings.TrimSpace(word))) {
			return usagef("-N %q: want never, or success, failure and delay joined by commas", v)
		}
	}
	a.Notify = n
	return nil
}

// ret is -R, RFC 3461 section 4.3.
func (a *Args) ret(v string) error {
	switch strings.ToLower(v) {
	case "full":
		a.Options.Return = envelope.ReturnFull
	case "hdrs":
		a.Options.Return = envelope.ReturnHeaders
	default:
		return usagef("-R %q: want full or hdrs", v)
	}
	return nil
}

// envelopeID is -V. RFC 3461 section 4.4 wants printable US-ASCII and, once it
// is xtext, at most 100 characters.
func (a *Args) envelopeID(v string) error {
	size := 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c < ' ' || c > '~' {
			return usagef("-V %q: want printable US-ASCII", v)
		}
		if size++; c == ' ' || c == '+' || c == '=' {
			size += 2
		}
	}
	if size > 100 {
		return usagef("-V: the envelope id is longer than 100 characters")
	}
	a.Options.EnvelopeID = v
	return nil
}

// bodyType is -B. Only the body itself decides how it travels; the word is
// checked all the same.
func (a *Args) bodyType(v string) error {
	switch strings.ToUpper(v) {
	case "7BIT", "BINARYMIME":
		a.Options.EightBit = false
	case "8BITMIME":
		a.Options.EightBit = true
	default:
		return usagef("-B %q: want 7BIT or 8BITMIME", v)
	}
	return nil
}

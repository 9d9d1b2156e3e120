package session

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// mailParameters reads the parameters of MAIL into the wishes for the message.
// What was not offered is refused: RFC 5321 section 4.1.1.11.
func mailParameters(list []parameter, o Options, now time.Time) (envelope.Options, *reply.Reply) {
	var w envelope.Options
	for _, p := range list {
		if refusal := mailParameter(&w, p, o, now); refusal != nil {
			return w, refusal
		}
	}
	return w, nil
}

func mailParameter(w *envelope.Options, p parameter, o Options, now time.Time) *reply.Reply {
	switch p.keyword {
	case "SIZE":
		return size(p, o.Limits.Size)
	case "BODY":
		return body(w, p)
	case "SMTPUTF8": // RFC 6531 section 3.4
		w.SMTPUTF8 = true
		return p.plain()
	case "RET":
		return ret(w, p)
	case "ENVID":
		return envelopeID(w, p)
	case "MT-PRIORITY":
		return priority(w, p)
	case "BY":
		return deliverBy(w, p, now)
	case "HOLDFOR", "HOLDUNTIL":
		if o.MaxHold > 0 {
			return hold(w, p, o.MaxHold, now)
		}
	case "REQUIRETLS": // RFC 8689 section 2
		if o.RequireTLS {
			w.RequireTLS = true
			return p.plain()
		}
	}
	return p.unknown()
}

// size is RFC 1870 section 6: the size that the client expects.
func size(p parameter, limit int64) *reply.Reply {
	digits := strings.TrimLeft(p.value, "0123456789") == "" && p.value != "" && len(p.value) <= 20
	n, ok := number(p.value, 18)
	switch {
	case !digits:
		return p.malformed("a number of octets")
	case !ok, limit > 0 && n > limit: // !ok: 19 digits and more
		return tooLarge(limit)
	}
	return nil
}

// binaryMIME is the body type of RFC 3030 section 3.
const binaryMIME = "BINARYMIME"

// isBinary tells whether MAIL asked for BODY=BINARYMIME.
func isBinary(list []parameter) bool {
	return slices.ContainsFunc(list, func(p parameter) bool {
		return p.keyword == "BODY" && strings.EqualFold(p.value, binaryMIME)
	})
}

// body is RFC 6152 section 2 and RFC 3030 section 3. It is a hint: the text itself
// is looked at, and made fit for each server.
func body(w *envelope.Options, p parameter) *reply.Reply {
	switch strings.ToUpper(p.value) {
	case "7BIT":
		return nil
	case "8BITMIME":
		w.EightBit = true
		return nil
	case binaryMIME:
		w.EightBit = true // where the next server has no BINARYMIME
		return nil
	}
	return p.malformed("7BIT, 8BITMIME or BINARYMIME")
}

// ret is RFC 3461 section 4.3.
func ret(w *envelope.Options, p parameter) *reply.Reply {
	switch v := envelope.Return(strings.ToUpper(p.value)); v {
	case envelope.ReturnFull, envelope.ReturnHeaders:
		w.Return = v
		return nil
	}
	return p.malformed("FULL or HDRS")
}

// envelopeID is RFC 3461 section 4.4.
func envelopeID(w *envelope.Options, p parameter) *reply.Reply {
	id, ok := envelope.DecodeXtext(p.value)
	if !ok || len(p.value) > 100 || !printable(id) {
		return p.malformed("at most 100 characters of xtext, printable")
	}
	w.EnvelopeID = id
	return nil
}

// priority is RFC 6710 section 3: a parameter of MAIL.
func priority(w *envelope.Options, p parameter) *reply.Reply {
	digits, negative := strings.CutPrefix(p.value, "-")
	n, ok := number(digits, 1)
	if !ok || negative && n == 0 { // the grammar has no -0
		return p.malformed("a number from -9 to 9")
	}
	value := int(n)
	if negative {
		value = -value
	}
	w.Priority = &value
	return nil
}

// deliverBy is RFC 2852 section 4: by-time ";" by-mode ["T"].
func deliverBy(w *envelope.Options, p parameter, now time.Time) *reply.Reply {
	seconds, mode, _ := strings.Cut(p.value, ";")
	mode, trace := strings.CutSuffix(strings.ToUpper(mode), "T")
	n, err := strconv.Atoi(seconds)
	if err != nil || len(strings.TrimLeft(seconds, "+-")) > 9 || mode != "R" && mode != "N" || mode == "R" && n <= 0 {
		return p.malformed("seconds, a semicolon, and R or N, maybe with T")
	}
	w.DeliverBy = &envelope.DeliverBy{Deadline: now.Add(time.Duration(n) * time.Second), Return: mode == "R", Trace: trace}
	return nil
}

// hold is RFC 4865 section 3: one of HOLDFOR and HOLDUNTIL.
func hold(w *envelope.Options, p parameter, longest time.Duration, now time.Time) *reply.Reply {
	if w.Hold != nil {
		return no(501, 5, 5, 4, "HOLDFOR and HOLDUNTIL exclude each other")
	}
	h := envelope.Hold{}
	if p.keyword == "HOLDFOR" {
		n, ok := number(p.value, 9)
		if !ok || n == 0 {
			return p.malformed("a number of seconds")
		}
		h.For = time.Duration(n) * time.Second
		h.Until = now.Add(h.For)
	} else {
		t, err := time.Parse(time.RFC3339, strings.ToUpper(p.value))
		if err != nil {
			return p.malformed("a time such as 2030-01-31T08:00:00Z")
		}
		h.Until = t
	}
	if h.Until.Sub(now) > longest {
		return no(501, 5, 5, 4, p.keyword+": no message is held that long")
	}
	w.Hold = &h
	return nil
}

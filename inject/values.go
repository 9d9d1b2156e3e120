package inject

import (
	"strconv"
	"strings"
	"time"
)

// mode is -b.
func (a *Args) mode(v string) error {
	switch v {
	case "m":
		a.Mode = Send
	case "s":
		a.Mode = Session
	case "p":
		a.Mode = ListQueue
	case "i":
		a.Mode = Aliases
	case "v":
		a.Mode = Verify
	case "d", "D":
		a.Mode, a.Runner.Foreground = Serve, v == "D"
	case "t", "h", "H", "a":
		return usagef("option -b%s is not supported: there are no address tests, host status or ARPANET mode here", v)
	default:
		return usagef("unknown mode %q; -bm, -bs, -bp, -bi, -bv, -bd and -bD are there", "-b"+v)
	}
	return nil
}

// run is -q: nothing, a time, f and a time, or I, R, S and a substring.
func (a *Args) run(v string) error {
	if a.Mode == Send {
		a.Mode = Flush
	}
	if strings.HasPrefix(v, "f") {
		a.Runner.Foreground = true
		v = v[1:]
	}
	switch {
	case v == "":
		return nil
	case v[0] == 'I':
		a.Runner.ID = v[1:]
	case v[0] == 'R':
		a.Runner.Recipient = v[1:]
	case v[0] == 'S':
		a.Runner.Sender = v[1:]
	default:
		d, ok := interval(v)
		if !ok {
			return usagef("-q%s: want a time such as -q15m, or -qI, -qR, -qS and a substring", v)
		}
		a.Runner.Every = d
	}
	return nil
}

// onError is -e and -oe.
func (a *Args) onError(v string) error {
	switch v {
	case "m", "p", "q", "w", "e":
		a.OnError = v[0]
		return nil
	}
	return usagef("unknown error mode %q; m, p, q, w and e are there", v)
}

// delivery is -od and -O DeliveryMode; d (deferred) is sendmail's other word
// for the queue.
func (a *Args) delivery(v string) error {
	switch v {
	case "i", "interactive":
		a.Delivery = "sync"
	case "b", "background":
		a.Delivery = "background"
	case "q", "queue", "d", "deferred":
		a.Delivery = "queue"
	default:
		return usagef("unknown delivery mode %q; i, b and q are there", v)
	}
	return nil
}

// short is -o: one letter and its value. Letters that mean nothing here are
// accepted: callers of thirty years pass them.
func (a *Args) short(v string) error {
	if v == "" {
		return nil
	}
	rest := v[1:]
	switch v[0] {
	case 'i':
		// sendmail(8): a boolean option is on unless its value says otherwise
		a.IgnoreDots = isTrue(rest)
	case 'd':
		return a.delivery(rest)
	case 'e':
		return a.onError(rest)
	case 'h':
		return number(&a.MaxHops, "-oh", rest)
	case 'Q':
		a.QueueDir = rest
	case 'A':
		a.AliasFile = rest
	case 'v':
		a.Verbose = isTrue(rest)
	}
	return nil
}

// named is -O Name=Value.
func (a *Args) named(v string) error {
	name, value, _ := strings.Cut(v, "=")
	value = strings.TrimSpace(value)
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "deliverymode":
		return a.delivery(value)
	case "errormode":
		return a.onError(value)
	case "ignoredots":
		a.IgnoreDots = isTrue(value)
	case "maxhopcount":
		return number(&a.MaxHops, "-O MaxHopCount", value)
	case "queuedirectory":
		a.QueueDir = value
	case "aliasfile":
		a.AliasFile = value
	case "smtputf8":
		a.Options.SMTPUTF8 = isTrue(value)
	case "requiretls":
		a.Options.RequireTLS = isTrue(value)
	}
	return nil
}

// isTrue reads a boolean as sendmail does: absent, true, yes, t, y, 1.
func isTrue(v string) bool {
	switch strings.ToLower(v) {
	case "", "t", "true", "y", "yes", "1", "on":
		return true
	}
	return false
}

// long is a long option, with its value behind "=" or in the next argument.
func (a *Args) long(word string, rest []string) ([]string, error) {
	name, value, has := strings.Cut(word, "=")
	switch name {
	case "dry-run", "json", "require-tls", "help", "version":
		if has {
			return nil, usagef("option --%s takes no value", name)
		}
		switch name {
		case "dry-run":
			a.DryRun = true
		case "json":
			a.JSON = true
		case "require-tls":
			a.Options.RequireTLS = true
		case "help":
			a.Mode = Help
		case "version":
			a.Mode = Version
		}
		return rest, nil
	case "account", "priority", "deliver-by", "hold-for", "hold-until":
	default:
		return nil, usagef("unknown option %q; see sendmail(8)", "--"+name)
	}
	if !has {
		if len(rest) == 0 {
			return nil, usagef("option --%s needs a value", name)
		}
		value, rest = rest[0], rest[1:]
	}
	return rest, a.longValue(name, value)
}

func (a *Args) longValue(name, v string) error {
	switch name {
	case "account":
		if v == "" {
			return usagef("--account needs a name")
		}
		a.Account = v
	case "priority":
		n, err := strconv.Atoi(v)
		if err != nil || n < -9 || n > 9 { // RFC 6710 section 3
			return usagef("--priority %q: want a number from -9 to 9", v)
		}
		a.Options.Priority = &n
	case "deliver-by":
		return a.deliverBy(v)
	case "hold-for":
		d, ok := ParseDuration(v)
		if !ok || d < time.Second {
			return usagef("--hold-for %q: want a time such as 90m, 12h or 3d", v)
		}
		a.HoldFor = d
	case "hold-until":
		t, err := time.Parse(time.RFC3339, v)
		if err != nil {
			return usagef("--hold-until %q: want a time such as 2030-01-31T08:00:00Z", v)
		}
		a.HoldUntil = t
	}
	return nil
}

func number(to *int, name, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return usagef("%s %q: want a number", name, v)
	}
	*to = n
	return nil
}

// interval is sendmail's time: 1h30m, 15 (minutes), 2d.
func interval(v string) (time.Duration, bool) {
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(n) * time.Minute, true
	}
	d, ok := ParseDuration(v)
	return d, ok && d > 0
}

package foreign

import (
	"cmp"
	"strconv"

	"mailchute/inject/setup"
)

// seconds of the units that Postfix has.
func seconds(unit byte) int {
	switch unit {
	case 'm':
		return 60
	case 'h':
		return 3600
	case 'd':
		return 86400
	case 'w':
		return 7 * 86400
	}
	return 1
}

// postfixTimes sets how long mail waits, and for what.
func (s *source) postfixTimes(a *setup.Account, p *parameters) {
	shortest := s.postfixTime(a, p, "minimal_backoff_time", "queue.retry_min", 's')
	longest := s.postfixTime(a, p, "maximal_backoff_time", "queue.retry_max", 's')
	least := cmp.Or(shortest, 300)
	fitRetries(a, shortest, longest, least, max(least, cmp.Or(longest, 4000))) // where they cross, Postfix takes the least
	s.postfixTime(a, p, "maximal_queue_lifetime", "queue.expire", 'd')
	if one, _ := p.get("delay_warning_time"); one.text != "0" && one.text != "0h" {
		s.postfixTime(a, p, one.name, "queue.warn_after", 'h')
	}
	s.postfixTime(a, p, "smtp_connect_timeout", "timeouts.connect", 's')
}

// postfixTime sets a key to what the file says: a number with a unit, s, m, h, d or
// w, else the parameter's own. It gives the time in seconds, 0 when the file has
// none that can be used.
func (s *source) postfixTime(a *setup.Account, p *parameters, name, key string, unit byte) int {
	one, given := p.get(name)
	digits, ok := s.postfixValue(p, name)
	if !given || !ok {
		return 0
	}
	if n := len(digits); n > 0 && (digits[n-1] < '0' || digits[n-1] > '9') {
		digits, unit = digits[:n-1], digits[n-1]
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > maxSeconds || !set(a, key, digits+string(unit)) {
		s.note(one.line, name, "is no time that can be used")
		return 0
	}
	return n * seconds(unit)
}

package inject

import (
	"math"
	"strings"
	"time"
)

// ParseDuration reads a time as people write it: numbers with units, added up,
// "1d12h". The units are those of time.ParseDuration, d for 24 hours and w for
// seven days. It knows no signs.
func ParseDuration(s string) (sum time.Duration, ok bool) {
	for len(s) > 0 {
		unit := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		if unit < 1 {
			return 0, false
		}
		end := unit + 1
		for end < len(s) && (s[end] < '0' || s[end] > '9') && s[end] != '.' {
			end++
		}
		term, scale := s[:end], time.Duration(1)
		switch s[unit:end] {
		case "d":
			term, scale = s[:unit]+"h", 24
		case "w":
			term, scale = s[:unit]+"h", 7*24
		}
		d, err := time.ParseDuration(term)
		if err != nil || d > (math.MaxInt64-sum)/scale {
			return 0, false
		}
		sum, s, ok = sum+d*scale, s[end:], true
	}
	return sum, ok
}

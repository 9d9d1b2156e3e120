package config

import (
	"crypto/tls"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mailchute/inject"
)

// The functions here turn a value of TOML into what it means, or into a problem.
// The problem of text, which may be a secret, never shows the value.

// kind is the TOML type of a decoded value, for people.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date or time"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a list of tables"
}

// mistyped is the problem of a value of the wrong type.
func mistyped(want string, v any) error {
	return wrong("must be %s, not %s", want, kind(v))
}

func boolean(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, problem{"must be true or false, not " + kind(v), "without quotes"}
	}
	return b, nil
}

func integer(v any, lowest, highest int) (int, error) {
	n, ok := v.(int64)
	switch {
	case !ok:
		return 0, mistyped("an integer", v)
	case n < int64(lowest) || n > int64(highest):
		return 0, wrong("must be from %d to %d, not %d", lowest, highest, n)
	}
	return int(n), nil
}

// text is any string without control characters.
func text(v any) (string, error) {
	s, ok := v.(string)
	switch {
	case !ok:
		return "", mistyped("a string", v)
	case strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s):
		return "", wrong("has a control character in it")
	}
	return s, nil
}

// texts is a list of strings that are not empty.
func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, problem{"must be a list of strings, not " + kind(v), `write ["..."]`}
	}
	words := make([]string, len(list))
	for i, e := range list {
		s, err := text(e)
		switch {
		case err != nil:
			return nil, wrong("element %d %s", i+1, err)
		case s == "":
			return nil, wrong("element %d is empty", i+1)
		}
		words[i] = s
	}
	return words, nil
}

// oneOf is one word of a few.
func oneOf[T ~string](v any, words ...T) (T, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	if i := slices.Index(words, T(s)); i >= 0 {
		return words[i], nil
	}
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = strconv.Quote(string(w))
	}
	last := len(all) - 1
	return "", wrong("must be %s or %s, not %s", strings.Join(all[:last], ", "), all[last], quote(s))
}

// path is an absolute path, or "". A relative one would depend on the directory
// of whoever sends a message.
func path(v any) (string, error) {
	s, err := text(v)
	switch {
	case err != nil || s == "" || s[0] == '/':
		return s, err
	case s[0] == '~':
		return "", problem{"must be an absolute path, not " + quote(s), "~ is not expanded"}
	}
	return "", wrong("must be an absolute path, not %s", quote(s))
}

// secretPath is path for a key where somebody may have put the secret itself.
func secretPath(v any) (string, error) {
	s, err := text(v)
	if err == nil && s != "" && s[0] != '/' {
		return "", problem{"must be an absolute path", "the secret itself belongs to password"}
	}
	return s, err
}

// credential is the name of a credential, systemd.exec(5): one path element.
func credential(v any) (string, error) {
	s, err := text(v)
	if err == nil && (strings.Contains(s, "/") || s == "." || s == "..") {
		return "", wrong("must be a name without a slash")
	}
	return s, err
}

// duration is Go's syntax with the units d and w.
func duration(v any, shortest, longest time.Duration) (time.Duration, error) {
	s, ok := v.(string)
	if !ok {
		return 0, problem{`must be a duration such as "90s", "5m", "4h", "5d" or "2w", not ` + kind(v), ""}
	}
	d, ok := inject.ParseDuration(s)
	switch {
	case !ok:
		return 0, wrong(`must be a duration such as "90s", "5m", "4h", "5d" or "2w", not %s`, quote(s))
	case d < shortest || d > longest:
		return 0, wrong("must be from %s to %s, not %s", Spell(shortest), Spell(longest), quote(s))
	}
	return d, nil
}

// durationOrNever is a duration, or 0 for what shall never happen.
func durationOrNever(v any, shortest, longest time.Duration) (time.Duration, error) {
	if v == "0" || v == int64(0) {
		return 0, nil
	}
	return duration(v, shortest, longest)
}

// Spell writes a duration in the shortest way.
func Spell(d time.Duration) string {
	if d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// size is a number of octets, or a string with the unit k, M or G.
func size(v any) (int64, error) {
	if n, ok := v.(int64); ok && n >= 0 {
		return n, nil
	}
	s, ok := v.(string)
	digits, shift := s, 0
	if ok && s != "" {
		if i := strings.IndexByte("kMG", s[len(s)-1]); i >= 0 {
			digits, shift = s[:len(s)-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, wrong(`must be a number of octets or a size such as "50M"`)
	}
	return int64(n) << shift, nil
}

// ipAddress is an IP address, or "" for the zero one.
func ipAddress(v any) (netip.Addr, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return netip.Addr{}, err
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, wrong("must be an IP address, not %s", quote(s))
	}
	return ip, nil
}

// fingerprint is sha256:HEX, where colons may stand between the octets.
func fingerprint(v any) ([]byte, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return nil, err
	}
	digits, ok := strings.CutPrefix(strings.ToLower(s), "sha256:")
	sum, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	if !ok || err != nil || len(sum) != 32 {
		return nil, problem{"must be sha256: and 64 hexadecimal digits, not " + quote(s),
			"openssl x509 -noout -fingerprint -sha256 prints them"}
	}
	return sum, nil
}

// tlsVersion is the lowest version of TLS; older ones are out, RFC 8996.
func tlsVersion(v any) (uint16, error) {
	if _, ok := v.(float64); ok {
		return 0, problem{"must be a string, not a float", `write "1.2" or "1.3"`}
	}
	s, err := oneOf(v, "1.2", "1.3")
	if s == "1.3" {
		return tls.VersionTLS13, err
	}
	return tls.VersionTLS12, err
}

// redirectCodes is a subset of the codes that can redirect.
func redirectCodes(v any) ([]int, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, problem{"must be a list of integers, not " + kind(v), "write [557, 558]"}
	}
	codes := make([]int, 0, len(list))
	for _, e := range list {
		switch n, ok := e.(int64); {
		case !ok:
			return nil, wrong("must be a list of integers, but %s is in it", kind(e))
		case n != 551 && n != 557 && n != 558:
			return nil, wrong("must be some of 551, 557 and 558, not %d", n)
		default:
			codes = append(codes, int(n))
		}
	}
	return codes, nil
}

// logTarget is a word or a path.
func logTarget(v any) (string, error) {
	s, err := text(v)
	switch {
	case err != nil:
		return "", err
	case s == "auto" || s == "stderr" || s == "none" || strings.HasPrefix(s, "/"):
		return s, nil
	}
	return "", wrong(`must be "auto", "stderr", "none" or an absolute path, not %s`, quote(s))
}

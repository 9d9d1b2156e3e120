package sts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mailchute/headers/address"
)

// Mode is what a policy asks of a sender, RFC 8461 section 5.
type Mode string

// The modes.
const (
	Enforce Mode = "enforce" // only to servers that the policy names, over verified TLS
	Testing Mode = "testing" // as if there were none, but tell the domain
	None    Mode = "none"    // there is none any more
)

// Policy is what a domain publishes, RFC 8461 section 3.2.
type Policy struct {
	Mode   Mode
	MaxAge time.Duration // how long it holds without being seen again
	MX     []string      // lower case: mx.example.org, or *.example.org for one label in its place
}

// Limits: of a policy's text (RFC 8461 section 3.3 suggests 64 KiB), of its life
// (section 3.2), and of the names in it.
const (
	maxText  = 64 << 10
	maxAge   = 31557600 * time.Second
	maxNames = 1000
)

// parse reads a policy. What it does not know is ignored, a field that comes
// again too, but for mx (RFC 8461 section 3.2).
func parse(text string) (Policy, error) {
	if len(text) > maxText {
		return Policy{}, fmt.Errorf("the policy is longer than %d octets", maxText)
	}
	var p Policy
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok {
			if key != "" {
				return Policy{}, errors.New("a line of the policy has no colon")
			}
			continue
		}
		if key == "mx" {
			if err := p.add(value); err != nil {
				return Policy{}, err
			}
		} else if _, twice := fields[key]; !twice && len(fields) < maxNames {
			fields[key] = value
		}
	}
	if fields["version"] != "STSv1" {
		return Policy{}, errors.New("the policy is not of version STSv1")
	}
	return p, p.complete(fields["mode"], fields["max_age"])
}

func (p *Policy) add(pattern string) error {
	pattern = strings.ToLower(strings.TrimSuffix(pattern, "."))
	if !address.IsDomain(strings.TrimPrefix(pattern, "*.")) {
		return errors.New("the policy has an mx that is no host name")
	}
	if len(p.MX) == maxNames {
		return fmt.Errorf("the policy names more than %d servers", maxNames)
	}
	p.MX = append(p.MX, pattern)
	return nil
}

func (p *Policy) complete(mode, age string) error {
	switch p.Mode = Mode(mode); p.Mode {
	case Enforce, Testing, None:
	default:
		return errors.New("the policy has no mode that is known")
	}
	seconds, err := strconv.ParseUint(age, 10, 33)
	if err != nil {
		return errors.New("the policy has no max_age that is a number of seconds")
	}
	p.MaxAge = min(time.Duration(seconds)*time.Second, maxAge)
	if p.Mode != None && len(p.MX) == 0 {
		return errors.New("the policy names no server")
	}
	return nil
}

// Allows tells whether the policy names a mail server, RFC 8461 section 4.1.
func (p Policy) Allows(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, parent, _ := strings.Cut(host, ".")
	for _, pattern := range p.MX {
		if wild, ok := strings.CutPrefix(pattern, "*."); ok && wild == parent || pattern == host {
			return true
		}
	}
	return false
}

// parseRecord takes the id from the TXT records at _mta-sts: exactly one of them
// must be for this version, else there is no policy (RFC 8461 section 3.1).
func parseRecord(texts []string) (id string, ok bool) {
	for _, text := range texts {
		fields := strings.Split(text, ";")
		if strings.TrimRight(fields[0], " \t") != "v=STSv1" {
			continue
		}
		if ok {
			return "", false
		}
		for _, f := range fields[1:] {
			if key, value, _ := strings.Cut(strings.TrimSpace(f), "="); strings.TrimSpace(key) == "id" && id == "" {
				id = strings.TrimSpace(value)
			}
		}
		ok = true
	}
	return id, ok && isID(id)
}

// isID is 1 to 32 letters and digits, RFC 8461 section 3.1.
func isID(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 32
}

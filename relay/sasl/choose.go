package sasl

import (
	"slices"
	"strings"
)

// strongest is the order of auto on a connection with verified TLS. SCRAM shows
// the password to nobody and has the server prove itself; bound to the channel
// it also notices a man in the middle who holds a valid certificate. After
// SCRAM comes PLAIN, not CRAM-MD5: inside verified TLS nobody but the server
// sees the password, while CRAM-MD5 makes the server keep it in the clear and
// often fails with accounts whose password is kept as a hash.
const strongest = "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5"

// unseen is the order of auto without TLS (a Unix socket, loopback): what does
// not show the password comes first.
const unseen = "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"

// onlyWanted is the rest of the mechanisms: auto never tries them, since a
// password is not what they need.
const onlyWanted = "OAUTHBEARER XOAUTH2 EXTERNAL ANONYMOUS"

// Offered picks the mechanisms to try, in order, in upper case: those of wanted
// that are among names, the server's offer; with wanted nil the strongest first.
// Only mechanisms that New can make are picked, -PLUS only over TLS, and those
// that need a secret only when there is one. Nothing outside the offer is ever
// picked (RFC 4954 section 4).
func Offered(names, wanted []string, overTLS, haveSecret bool) []string {
	switch {
	case wanted != nil:
	case overTLS:
		wanted = strings.Fields(strongest)
	default:
		wanted = strings.Fields(unseen)
	}
	var picked []string
	for _, w := range wanted {
		w = strings.ToUpper(w)
		if offers(names, w) && Known(w) && !slices.Contains(picked, w) &&
			(overTLS || !strings.HasSuffix(w, "-PLUS")) &&
			(haveSecret || w == "EXTERNAL" || w == "ANONYMOUS") {
			picked = append(picked, w)
		}
	}
	return picked
}

// offers tells whether name is among the names of the offer; mechanism names
// are compared without regard to case (RFC 4954 section 3).
func offers(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// Known tells whether New can make the mechanism of that name, in either case.
func Known(name string) bool { return offers(Names(), name) }

// Names is all mechanisms that New can make, the strongest first.
func Names() []string { return strings.Fields(strongest + " " + onlyWanted) }

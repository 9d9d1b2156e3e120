package fit

import (
	"fmt"

	"golang.org/x/net/idna"

	"mailchute/headers/address"
)

// Path is the wire form of an address, RFC 5321 section 4.1.2 without the angle
// brackets; "" for the null reverse-path. Without SMTPUTF8 the U-labels of a
// domain become A-labels (UTS 46, RFC 6531 section 3.7.1). A local part that is
// not ASCII then has no wire form at all: the error is an *Error with 5.6.7.
func Path(a address.Addr, smtpUTF8 bool) (string, error) {
	if smtpUTF8 || a.IsASCII() {
		return a.String(), nil
	}
	if isEightBit([]byte(a.Local)) {
		return "", &Error{needsUTF8(), fmt.Sprintf("the address %q needs SMTPUTF8, which the server does not offer", a.String())}
	}
	domain, err := idna.Lookup.ToASCII(a.Domain)
	if err != nil {
		return "", &Error{needsUTF8(), fmt.Sprintf("the domain %q cannot be written in ASCII: %v", a.Domain, err)}
	}
	a.Domain = domain
	return a.String(), nil
}

// isEightBit tells whether an octet above 127 is in p.
func isEightBit(p []byte) bool {
	for _, c := range p {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

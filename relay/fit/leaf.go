package fit

import (
	"fmt"

	"mailchute/relay/message"
)

// treatment is what is done with the body of a part.
type treatment int

const (
	asLines       treatment = iota // copied, with CRLF line ends
	asOctets                       // copied octet by octet: BINARYMIME
	toQuoted                       // text to quoted-printable
	toBase64                       // the exact octets to base64
	rewrapQuoted                   // quoted-printable with lines of 76
	rewrapBase64                   // base64 with lines of 76
	descend                        // a multipart: each part is judged alone
	descendHeader                  // a message/rfc822: its header and its body are
)

// treat decides what is done with a leaf of type m under the encoding e, whose
// body has the traits t. The label is the encoding that its header must name
// from then on, or identity if that stays as it is.
func (l limits) treat(m media, e encoding, t message.Traits) (do treatment, label encoding, err error) {
	switch fits := l.takes(t); {
	case e == base64Encoding && !fits:
		return rewrapBase64, identity, nil
	case e == quotedPrintable && !fits:
		return rewrapQuoted, identity, nil
	case fits && !e.isIdentity():
		return asLines, identity, nil
	case !e.isIdentity():
		return asLines, identity, &Error{badMedia(), fmt.Sprintf("%s, and the content-transfer-encoding %q is not known", l.obstacle(t), clean(string(e)))}
	case m.isComposite() && !fits:
		return asLines, identity, &Error{badMedia(), fmt.Sprintf("%s, and nothing of type %q may be encoded", l.obstacle(t), clean(m.main+"/"+m.sub))}
	case m.isComposite():
		return asLines, identity, nil
	case e == binary:
		do, label = l.treatBinary(m, t)
	case fits && (m.isText() || !t.BareCR):
		return asLines, l.lineLabel(e), nil
	case m.isText() && !isBinary(t):
		return toQuoted, quotedPrintable, nil
	default:
		do, label = toBase64, base64Encoding
	}
	return do, label, nil
}

// lineLabel is the label for lines that fit and are labelled e, as far as it has
// to change: parts in a multipart whose label is 7bit may have no other (RFC
// 2045 section 6.4).
func (l limits) lineLabel(e encoding) encoding {
	if e == eightBit && !l.eightBit {
		return sevenBit
	}
	return identity
}

// treatBinary is treat for the encoding binary: octets, in which CR and LF need
// not be line ends (RFC 2045 section 2.9). Text that is made of proper lines all
// the same goes as such and is labelled so.
func (l limits) treatBinary(m media, t message.Traits) (treatment, encoding) {
	isLines := m.isText() && !isBinary(t) && !t.NUL && !t.HasOctets()
	switch {
	case isLines && l.takes(t) && t.EightBit:
		return asLines, eightBit
	case isLines && l.takes(t):
		return asLines, sevenBit
	case l.binary:
		return asOctets, identity
	case isLines:
		return toQuoted, quotedPrintable
	}
	return toBase64, base64Encoding
}

// isBinary tells whether a body is no text. In random octets one in ten is a
// control character and next to none are UTF-8; text with some stray NULs in it
// stays text.
func isBinary(t message.Traits) bool {
	return t.Controls > t.Size/4 || t.InvalidUTF8 && t.Controls > t.Size/16
}

// clean makes a name from a message short enough for words to people.
func clean(s string) string { return s[:min(len(s), 60)] }

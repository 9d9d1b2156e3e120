package headers

import "strings"

// resentPrefix begins the names of the fields that a resending adds, RFC 5322
// section 3.6.6.
const resentPrefix = "Resent-"

func (f Field) isResent() bool {
	return f.colon > len(resentPrefix) && strings.EqualFold(string(f.raw[:len(resentPrefix)]), resentPrefix)
}

// IsResent tells whether a message was resent: it has fields that speak of it.
func IsResent(h Header) bool { return isResent(h.fields) }

func isResent(fields []Field) bool {
	for _, f := range fields {
		if f.isResent() {
			return true
		}
	}
	return false
}

// firstBlock finds the first block of Resent- fields, which speaks of the newest
// resending: fields[start:end]. Each resending puts its block in front of what
// is there (RFC 5322 section 3.6.6), most often with trace fields between, so
// the block is the topmost unbroken run of Resent- fields.
func firstBlock(fields []Field) (start, end int) {
	for start < len(fields) && !fields[start].isResent() {
		start++
	}
	end = start
	for end < len(fields) && fields[end].isResent() {
		end++
	}
	return start, start + blockLength(fields[start:end])
}

// blockLength is the length of the first block of a run. Where no trace field
// parts two blocks, one of the fields that a block has only once comes again;
// the second block then begins with the first name that is there twice.
func blockLength(run []Field) int {
	var seen uint
	cut := len(run)
	for i, f := range run {
		bit, once := blockMember(f)
		if seen&bit == 0 {
			seen |= bit
			continue
		}
		cut = min(cut, i)
		if once {
			return cut
		}
	}
	return len(run)
}

// blockMember gives each field that a block is made of a bit of its own, and
// tells whether it says who resent the message and when, which a block does
// once.
func blockMember(f Field) (bit uint, once bool) {
	for i, name := range [...]string{
		"Resent-From", "Resent-Date", "Resent-Message-ID", "Resent-Sender",
		"Resent-To", "Resent-Cc", "Resent-Bcc", "Resent-Reply-To",
	} {
		if f.Is(name) {
			return 1 << i, i < 4
		}
	}
	return 0, false
}

package redirect

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"mailchute/headers/address"
	"mailchute/relay/reply"
)

// What is wrong with a redirect that cannot be followed.
var (
	errNoAddress    = errors.New("the reply names no address in angle brackets")
	errTwoAddresses = errors.New("the reply names two different addresses, so neither is used")
)

// parse reads the new address out of a redirecting reply. It is the one that
// stands in angle brackets, wherever in the lines that is; the same one several
// times is one. The enhanced status code may stand in front of the text or
// behind, "(X.2.7)".
//
// The server MUST name the new address and MUST NOT name another
// (draft-sam-smtp-redirects section 3.1), and an address is a forward-path of
// RFC 5321 (section 1.1). So none, two different ones, and anything else in
// angle brackets are errors: where a message would have to be sent on a guess, it
// is not sent. Takes linear time.
func parse(r reply.Reply) (address.Addr, error) {
	var found address.Addr
	for _, line := range r.Lines {
		for path, err := range paths(line) {
			if err != nil {
				return address.Addr{}, err
			}
			a, err := address.ParsePath(path)
			if err != nil || a.IsNull() {
				return address.Addr{}, fmt.Errorf("the reply names a malformed address, %q", clip(path))
			}
			if !found.IsNull() && !found.Equal(a) {
				return address.Addr{}, errTwoAddresses
			}
			found = a
		}
	}
	if found.IsNull() {
		return address.Addr{}, errNoAddress
	}
	return found, nil
}

// paths is the insides of the angle brackets of a line, from left to right. A
// bracket that is not closed is an error and the end.
func paths(line string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for {
			start := strings.IndexByte(line, '<')
			if start < 0 {
				return
			}
			line = line[start+1:]
			end := address.PathEnd(line)
			if end < 0 {
				yield("", fmt.Errorf("the reply opens an angle bracket and does not close it, %q", clip(line)))
				return
			}
			if !yield(line[:end], nil) {
				return
			}
			line = line[end+1:]
		}
	}
}

// clip shortens what is shown of a hostile text.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

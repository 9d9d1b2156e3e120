package session

import (
	"bufio"
	"bytes"
	"io"
)

// readData copies the text that follows 354 to w, which never fails, with the
// transparency of RFC 5321 section 4.5.2 undone. Lines end in CR LF and in
// nothing else, so the text ends at CR LF . CR LF only: a dot between bare LFs or
// CRs is text (section 4.1.1.4). n is the number of octets read. The end of
// input before the end of the text is io.ErrUnexpectedEOF.
func readData(r *bufio.Reader, w io.Writer) (n int64, err error) {
	begins := true // a line begins here
	cr := false    // the octet before this one was a CR
	for {
		part, err := r.ReadSlice('\n')
		n += int64(len(part))
		if err != nil && err != bufio.ErrBufferFull {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		if begins && part[0] == '.' {
			if string(part) == ".\r\n" {
				return n, nil
			}
			w.Write(part[1:])
		} else {
			w.Write(part)
		}
		begins = bytes.HasSuffix(part, []byte("\r\n")) || cr && string(part) == "\n"
		cr = part[len(part)-1] == '\r'
	}
}

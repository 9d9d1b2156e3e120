package reply

import (
	"bufio"
	"io"
)

// Stream is Read for a reply that carries more than a few words: of a success,
// the text of each line but the last is handed to each as it comes, without code
// and enhanced code, and is not kept. So the reply may have any number of lines;
// a single one is still kept to 8 KiB. An error of each ends it, and the rest is
// left unread.
func Stream(r *bufio.Reader, command string, each func(text string) error) (Reply, error) {
	reply := reading{Reply: Reply{Command: command}}
	for begun := false; ; begun = true {
		line, n, err := readLine(r, maxTotal)
		if err != nil {
			if err == io.EOF && (begun || n > 0) {
				err = io.ErrUnexpectedEOF
			}
			return Reply{}, err
		}
		text, more, err := reply.line(line)
		switch {
		case err != nil:
			return Reply{}, err
		case !more:
			reply.keep(text)
			return reply.whole(), nil
		case reply.Class() != Success:
			reply.keep(text)
		default:
			if err := each(reply.words(text)); err != nil {
				return Reply{}, err
			}
		}
	}
}

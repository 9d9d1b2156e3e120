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
	reply := Reply{Command: command}
	var code Enhanced
	for begun := false; ; begun = true {
		line, n, err := readLine(r, maxTotal)
		if err != nil {
			if err == io.EOF && (begun || n > 0) {
				err = io.ErrUnexpectedEOF
			}
			return Reply{}, err
		}
		number, more, text, ok := split(line)
		if !ok {
			return Reply{}, &MalformedError{Text: clip(clean(line), 80)}
		}
		reply.Code = number
		words := takeEnhanced(clean(text), number/100, &code)
		if more && reply.Class() == Success {
			if err := each(words); err != nil {
				return Reply{}, err
			}
			continue
		}
		if len(reply.Lines) < maxLines {
			reply.Lines = append(reply.Lines, words)
		}
		if !more {
			break
		}
	}
	if code.Class == reply.Code/100 {
		reply.Enhanced = code
	}
	return reply, nil
}

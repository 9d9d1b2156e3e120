package session

import (
	"mailchute/relay/reply"
	"mailchute/relay/xqueue"
)

// queue is XQUEUE. It is no part of a transaction and changes none. Its answer may
// have any number of lines, which go out as they come.
func (s *session) queue(arg string) (reply.Reply, error) {
	c, err := xqueue.Parse(arg)
	if err != nil {
		return s.wrong(say(501, 5, 5, 4, err.Error())), nil
	}
	var broken error
	line := func(text string) error {
		broken = writeLine(s.w, say(250, 2, 0, 0), '-', text)
		return broken
	}
	r := s.XQueue(s.ctx, c, line)
	return r, broken
}

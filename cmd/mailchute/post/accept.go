package post

import (
	"errors"

	"mailchute/relay/queue"
)

// AcceptAll puts all envelopes of a message into the queue, or none: the client of
// one that was not taken sends it again.
func AcceptAll(q *queue.Queue, entries []queue.Entry) (ids []string, err error) {
	for _, e := range entries {
		id, err := q.Accept(e)
		if err != nil {
			for _, id := range ids {
				err = errors.Join(err, q.Delete(id))
			}
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

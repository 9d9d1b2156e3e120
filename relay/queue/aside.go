package queue

import (
	"cmp"
	"encoding/json"
	"errors"
	"path"
)

// setAside moves name out of the way into corrupt, with a note that says why. It
// always gives an error: what was found, or why it could not be moved.
func (q *Queue) setAside(d *dir, name string, reason error) error {
	to, err := q.made(corruptDir)
	if err != nil {
		return cmp.Or(err, reason)
	}
	as := name
	if taken, err := to.exists(as); err != nil {
		return err
	} else if taken {
		tag, err := token()
		if err != nil {
			return err
		}
		as = name + "." + tag
	}
	e := &CorruptError{ID: path.Base(d.path) + "/" + name, Reason: why(reason), Path: to.join(as)}
	if err := d.rename(name, to, as); err != nil {
		return err
	}
	if note, err := json.Marshal(e); err == nil {
		// The file is safe already; a note that cannot be written is no loss.
		_ = to.replace(as+".why", append(note, '\n'))
	}
	return e
}

// why is reason without the words about where it was found.
func why(reason error) string {
	if e, ok := errors.AsType[*Error](reason); ok {
		reason = e.Err
	}
	return words(reason)
}

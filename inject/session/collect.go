package session

import (
	"errors"
	"os"
)

// collector takes the octets of a text. Once one cannot be kept it takes no
// more, and says why at the end: the client has to be heard out all the same.
type collector struct {
	text   Text
	memory int   // octets up to which the text stays in memory
	limit  int64 // octets; 0: none
	spool  func() (*os.File, error)
	err    error
}

var errTooLarge = errors.New("the message is too large")

// Write takes the next piece. It never fails; see err. What was taken of a text that
// nobody will get is given back at once: its client may have days to go.
func (c *collector) Write(p []byte) (int, error) {
	if c.err != nil {
		return len(p), nil
	}
	if c.err = c.take(p); c.err != nil {
		c.drop()
	}
	return len(p), nil
}

func (c *collector) take(p []byte) error {
	if c.limit > 0 && int64(len(p)) > c.limit-c.text.size {
		return errTooLarge
	}
	if c.text.file == nil && len(c.text.mem)+len(p) > c.memory {
		if err := c.spill(); err != nil {
			return err
		}
	}
	c.text.size += int64(len(p))
	if c.text.file == nil {
		c.text.mem = append(c.text.mem, p...)
		return nil
	}
	return c.buffered(p)
}

// spill makes the file. What was in memory goes there with the next full buffer.
func (c *collector) spill() (err error) {
	if c.text.file, err = c.spool(); err != nil {
		return err
	}
	return nil
}

// buffered gathers pieces in memory, which is at hand, so that a text of short
// lines does not make a write of each.
func (c *collector) buffered(p []byte) error {
	c.text.mem = append(c.text.mem, p...)
	if len(c.text.mem) >= c.memory {
		return c.flush()
	}
	return nil
}

func (c *collector) flush() error {
	_, err := c.text.file.Write(c.text.mem)
	c.text.mem = c.text.mem[:0]
	return err
}

// finish is the text when it is complete, or the reason why there is none.
func (c *collector) finish() (*Text, error) {
	if c.err == nil && c.text.file != nil {
		c.err = c.flush()
	}
	if c.text.file != nil {
		c.text.mem = nil
	}
	if c.err != nil {
		c.text.close()
		return nil, c.err
	}
	return &c.text, nil
}

// drop forgets the text.
func (c *collector) drop() {
	c.text.close()
	c.text = Text{}
}

package smtp

import (
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// cork lies beneath TLS and gathers its records, so that a flight of many
// records is one write too. During the handshake whatever is held goes out
// before a read; later only flush sends it. The client's last handshake message
// thus travels with the first command.
type cork struct {
	net.Conn
	mu          sync.Mutex
	held        []byte
	handshaking bool
}

func (c *cork) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held)+len(p) > pieceSize+pieceSize/8 {
		if err := c.send(); err != nil {
			return 0, err
		}
	}
	if need := len(c.held) + len(p); need > cap(c.held) && len(c.held) > 0 { // a long flight: the next ones are as long
		c.held = slices.Grow(c.held, blockSize+blockSize/8)
	}
	c.held = append(c.held, p...)
	return len(p), nil
}

func (c *cork) Read(p []byte) (int, error) {
	if c.handshaking {
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}

func (c *cork) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.send()
}

func (c *cork) send() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	return err
}

// Close sends what is held, the alert that closes TLS above all; tls.Conn has
// closed the connection for writing by then.
func (c *cork) Close() error {
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	err := c.flush()
	return errors.Join(err, c.Conn.Close())
}

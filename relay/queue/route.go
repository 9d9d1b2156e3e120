package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"strings"
	"time"
)

// RouteHold is trouble with a way: a host that does not resolve or answer, TLS,
// a greeting with 5yz, a 421, a refused login. It holds all that would go that
// way, so that a thousand waiting messages make one attempt and not a thousand.
type RouteHold struct {
	Name     string    `json:"name"`     // of the way, chosen by the caller
	Since    time.Time `json:"since"`    // when the trouble began
	Set      time.Time `json:"set"`      // when this was written
	Until    time.Time `json:"until"`    // no attempt before
	Attempts int       `json:"attempts"` // that failed since
	Reason   string    `json:"reason"`   // in words
	Login    bool      `json:"login,omitempty"`
}

// Active tells whether h still holds. A clock that stands before Set was set
// back, and h holds nothing any more.
func (h RouteHold) Active(now time.Time) bool {
	return now.Before(h.Until) && !now.Before(h.Set)
}

const maxRoute = 64 << 10

// HoldRoute records h in place of what was known of h.Name. It is not fsynced: a
// crash of the machine makes one attempt come too early.
func (q *Queue) HoldRoute(h RouteHold) error {
	if len(h.Reason) > 1000 {
		h.Reason = strings.ToValidUTF8(h.Reason[:1000], "") // or it could not be read again
	}
	content, err := json.Marshal(h)
	if err != nil {
		return err
	}
	d, err := q.made(routeDir)
	if err != nil {
		return err
	}
	return d.replace(routeFile(h.Name), append(content, '\n'))
}

// RouteHold is what is known of a way, and false when nothing is. What cannot be
// read holds nothing.
func (q *Queue) RouteHold(name string) (RouteHold, bool) {
	d, err := q.sub(routeDir)
	if err != nil {
		return RouteHold{}, false
	}
	h, err := d.routeHold(routeFile(name))
	return h, err == nil && h.Name == name
}

// FreeRoute forgets the trouble with a way.
func (q *Queue) FreeRoute(name string) error {
	d, err := q.sub(routeDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	file := routeFile(name)
	if there, err := d.exists(file); !there {
		return err
	}
	return d.remove(file)
}

// RouteHolds is all trouble that is known, for listings.
func (q *Queue) RouteHolds() ([]RouteHold, error) {
	d, err := q.sub(routeDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var hs []RouteHold
	err = d.names(func(file string) {
		if h, err := d.routeHold(file); err == nil && routeFile(h.Name) == file {
			hs = append(hs, h)
		}
	})
	return hs, err
}

func (d *dir) routeHold(file string) (h RouteHold, err error) {
	text, err := d.readSmall(file, maxRoute)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(text, &h)
}

// routeFile is a file name for any name of a way: letters, digits and a few signs
// as they are, %XX for the rest; too long ones are cut and get a checksum.
func routeFile(name string) string {
	var b strings.Builder
	b.WriteString("route-") // never empty, never a dot in front
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("._-@", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	s := b.String()
	if len(s) > 150 {
		sum := fnv.New64a()
		sum.Write([]byte(name))
		s = fmt.Sprintf("%s-%x", s[:130], sum.Sum64())
	}
	return s
}

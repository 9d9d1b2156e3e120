package dns

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

var (
	errNotFound  = errors.New("no such domain")
	errTruncated = errors.New("the answer was cut")
	errForeign   = errors.New("not the answer to this question")
)

const (
	// udpSize keeps answers below what networks fragment (RFC 9715 section 3.2).
	udpSize = 1232
	// most bounds the records that are looked at, and maxChain the CNAMEs that
	// are followed.
	most     = 100
	maxChain = 8
)

// question is one query on its way.
type question struct {
	id     uint16
	ask    dnsmessage.Question
	packed []byte
}

// answer is the records of the type asked for, their owner, and the AD bit.
type answer struct {
	name    string
	secure  bool
	records []any // MX, SRV, string, TLSA or netip.Addr
}

// record is one of those that came: an alias, or a value of the type asked for.
type record struct {
	owner string
	alias string // of a CNAME
	value any    // nil: another type, or a value that cannot be used
}

// newQuestion packs a query with a random id (RFC 5452 section 9.2), EDNS0 (RFC
// 6891) and the AD bit, which asks for the AD bit (RFC 6840 section 5.7).
func newQuestion(name string, t dnsmessage.Type) (question, error) {
	n, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return question{}, err
	}
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails
	q := question{id: binary.BigEndian.Uint16(id[:]), ask: dnsmessage.Question{Name: n, Type: t, Class: dnsmessage.ClassINET}}
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: q.id, RecursionDesired: true, AuthenticData: true})
	var opt dnsmessage.ResourceHeader
	err = errors.Join(
		b.StartQuestions(), b.Question(q.ask),
		b.StartAdditionals(), opt.SetEDNS0(udpSize, dnsmessage.RCodeSuccess, false), b.OPTResource(opt, dnsmessage.OPTResource{}))
	if err != nil {
		return question{}, fmt.Errorf("%q cannot be asked for: %w", name, err)
	}
	q.packed, err = b.Finish()
	return q, err
}

// overUDP reads until the answer comes or the deadline: a datagram that does not
// answer this question is somebody's attempt to be faster, and is dropped.
func overUDP(conn net.Conn, q question) (answer, error) {
	if _, err := conn.Write(q.packed); err != nil {
		return answer{}, err
	}
	buf := make([]byte, udpSize)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return answer{}, err
		}
		if a, err := parse(buf[:n], q); err != errForeign {
			return a, err
		}
	}
}

// overTCP puts the length in front, RFC 1035 section 4.2.2.
func overTCP(conn net.Conn, q question) (answer, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q.packed))), q.packed...)); err != nil {
		return answer{}, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return answer{}, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return answer{}, err
	}
	a, err := parse(buf, q)
	if err == errTruncated {
		err = errors.New("the answer is cut even over TCP")
	}
	return a, err
}

// parse reads a message as the answer to q. Any octets may be given.
func parse(msg []byte, q question) (answer, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil || !h.Response || h.ID != q.id {
		return answer{}, errForeign
	}
	asked, err := p.AllQuestions()
	if err != nil || len(asked) != 1 || !sameQuestion(asked[0], q.ask) {
		return answer{}, errForeign
	}
	switch {
	case h.Truncated:
		return answer{}, errTruncated
	case h.RCode == dnsmessage.RCodeNameError:
		return answer{}, errNotFound
	case h.RCode != dnsmessage.RCodeSuccess:
		return answer{}, refusal(h.RCode)
	}
	records, err := answers(&p, q.ask.Type)
	if err != nil {
		return answer{}, fmt.Errorf("malformed answer: %w", err)
	}
	a := follow(records, canonical(q.ask.Name))
	a.secure = h.AuthenticData
	return a, nil
}

func sameQuestion(a, b dnsmessage.Question) bool {
	return a.Type == b.Type && a.Class == b.Class && strings.EqualFold(a.Name.String(), b.Name.String())
}

// refusal is a response code in words, RFC 1035 section 4.1.1.
func refusal(code dnsmessage.RCode) error {
	switch code {
	case dnsmessage.RCodeServerFailure:
		return errors.New("the name server failed")
	case dnsmessage.RCodeRefused:
		return errors.New("the name server refused to answer")
	}
	return fmt.Errorf("the name server answered with code %d", uint16(code))
}

// answers reads the records one by one with the parser's typed methods. Its
// generic ones would drag tables into every start of the program.
func answers(p *dnsmessage.Parser, t dnsmessage.Type) ([]record, error) {
	var records []record
	for len(records) < most {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			break
		}
		r := record{owner: canonical(h.Name)}
		switch {
		case err != nil:
		case h.Class == dnsmessage.ClassINET && h.Type == t:
			r.value, err = read(p, t)
		case h.Class == dnsmessage.ClassINET && h.Type == dnsmessage.TypeCNAME:
			var c dnsmessage.CNAMEResource
			c, err = p.CNAMEResource()
			r.alias = canonical(c.CNAME)
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// follow goes from the name asked for along its CNAMEs (RFC 1034 section 3.6.2)
// and takes the values that stand at their end, and no others: what else a server
// puts into an answer was not asked for.
func follow(records []record, name string) answer {
	a := answer{name: name}
	for range maxChain {
		next := ""
		for _, r := range records {
			if r.owner != a.name {
				continue
			}
			if r.value != nil {
				a.records = append(a.records, r.value)
			}
			if r.alias != "" {
				next = r.alias
			}
		}
		if len(a.records) > 0 || next == "" {
			break
		}
		a.name = next
	}
	return a
}

// canonical is a name as it is compared: lower case, no final dot; "" is the root.
func canonical(n dnsmessage.Name) string {
	return strings.ToLower(strings.TrimSuffix(n.String(), "."))
}

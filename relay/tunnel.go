package relay

import (
	"bufio"
	"bytes"
	"slices"
	"strconv"

	"mailchute/headers"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/smtp"
)

// tunnel is the message as this server shall get it: wishes for which it has no
// extension travel as header fields, and those that become parameters do not
// travel twice. It is msg itself where nothing is wished.
//
// dated is the recipient of whom the header is to tell since when he has his mailbox,
// as no parameter does (RFC 7293 section 6); nil for none. Of the others it does not:
// that is not for everybody who gets the message.
//
// TLS-Required (RFC 8689 section 3) stays as it is: it speaks to servers further
// on, and where REQUIRETLS is asked for it does not count (section 4.1).
func tunnel(msg *message.Message, env *envelope.Envelope, ext smtp.Extensions, dated *envelope.Recipient) (*message.Message, error) {
	priority := env.Options.Priority
	if ext.MTPriority {
		priority = nil
	}
	valid := map[string]*envelope.Recipient{}
	for _, r := range env.Recipients {
		if isDated(r) {
			valid[r.Original.Key()] = r
		}
	}
	if priority == nil && len(valid) == 0 {
		return msg, nil
	}
	h, err := headers.Read(bufio.NewReader(bytes.NewReader(msg.Header)))
	if err != nil {
		return nil, err
	}
	fields := slices.Clone(h.Fields())
	if priority != nil { // RFC 6758 section 3.3
		fields = slices.DeleteFunc(fields, func(f headers.Field) bool { return f.Is(headers.PriorityField) })
		fields = append(fields, headers.NewField(headers.PriorityField, strconv.Itoa(*priority)))
	}
	told := false
	fields = slices.DeleteFunc(fields, func(f headers.Field) bool {
		of, _, ok := headers.ValidSince(f)
		r := valid[of.Key()]
		told = told || ok && r != nil && r == dated
		return ok && r != nil && r != dated
	})
	if dated != nil && !told { // RFC 7293 section 6
		fields = append(fields, headers.NewValidSince(dated.Address, dated.ValidSince))
	}
	return &message.Message{Header: headers.Of(fields...).Bytes(), Body: msg.Body}, nil
}

// alone tells which mailboxes stand alone in a transaction with a server: those of which
// the header has to tell something, which is for nobody else.
func alone(ext smtp.Extensions) func(*mailbox) bool {
	if ext.RRVS {
		return nil
	}
	return func(m *mailbox) bool { return isDated(m.recipients[0]) }
}

// dated is the recipient of a mailbox that stands alone in a batch, nil for none.
func dated(batch []*mailbox) *envelope.Recipient {
	if len(batch) != 1 {
		return nil
	}
	if r := batch[0].recipients[0]; isDated(r) {
		return r
	}
	return nil
}

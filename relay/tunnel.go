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
// TLS-Required (RFC 8689 section 3) stays as it is: it speaks to servers further
// on, and where REQUIRETLS is asked for it does not count (section 4.1).
func tunnel(msg *message.Message, env *envelope.Envelope, ext smtp.Extensions) (*message.Message, error) {
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
	switch only := env.Recipients[0]; {
	case ext.RRVS:
		fields = slices.DeleteFunc(fields, func(f headers.Field) bool {
			of, _, ok := headers.ValidSince(f)
			return ok && valid[of.Key()] != nil
		})
	case len(valid) == 1 && len(env.Recipients) == 1 && h.Count(headers.ValidSinceField) == 0:
		// RFC 7293 section 6; one of several recipients must not be told of another
		fields = append(fields, headers.NewValidSince(only.Address, only.ValidSince))
	}
	return &message.Message{Header: headers.Of(fields...).Bytes(), Body: msg.Body}, nil
}

package queue

import (
	"encoding/json"
	"strconv"
)

// appendJSON adds s as json.Marshal writes it. To accept a message is the work of a
// whole process, and package json takes more time to learn the types of the record
// than the disk takes for the message. It is still asked for what is rare.
func (s *submission) appendJSON(b []byte) ([]byte, error) {
	o := object{b: append(b, '{')}
	o.text("id", s.ID)
	o.value("submitted", s.Submitted.MarshalJSON)
	o.optional("account", s.Account)
	o.optional("user", s.User)
	if s.UID != 0 {
		o.number("uid", int64(s.UID))
	}
	o.optional("errors", s.Errors)
	o.optional("family", s.Family)
	o.mailbox("sender", s.Sender)
	o.key("recipients")
	o.recipients(s.Recipients)
	if s.Options != (options{}) {
		o.value("options", func() ([]byte, error) { return json.Marshal(s.Options) })
	}
	o.number("header", s.Header)
	o.value("body", func() ([]byte, error) { return s.Body.appendJSON(nil) })
	if s.State != nil {
		o.value("state", func() ([]byte, error) { return json.Marshal(s.State) })
	}
	return append(o.b, '}'), o.err
}

func (t traits) appendJSON(b []byte) ([]byte, error) {
	o := object{b: append(b, '{')}
	o.number("size", t.Size)
	o.number("wire_size", t.WireSize)
	o.flag("eight_bit", t.EightBit)
	o.flag("nul", t.NUL)
	o.flag("bare_cr", t.BareCR)
	o.number("longest_line", t.LongestLine)
	o.flag("canonical", t.Canonical)
	o.flag("invalid_utf8", t.InvalidUTF8)
	if t.Controls != 0 {
		o.number("controls", t.Controls)
	}
	if t.High != 0 {
		o.number("high", t.High)
	}
	o.flag("crlf_only", t.CRLFOnly)
	return append(o.b, '}'), o.err
}

// object is a JSON object in the making.
type object struct {
	b   []byte
	err error
}

func (o *object) key(name string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) value(name string, marshal func() ([]byte, error)) {
	o.key(name)
	o.add(marshal())
}

func (o *object) add(text []byte, err error) {
	if o.b = append(o.b, text...); o.err == nil {
		o.err = err
	}
}

func (o *object) text(name, s string) {
	o.key(name)
	o.quote(s)
}

func (o *object) optional(name, s string) {
	if s != "" {
		o.text(name, s)
	}
}

func (o *object) number(name string, n int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) flag(name string, set bool) {
	if set {
		o.key(name)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) mailbox(name string, m mailbox) {
	o.key(name)
	o.b = append(o.b, '{')
	o.text("local", m.Local)
	o.text("domain", m.Domain)
	o.b = append(o.b, '}')
}

func (o *object) recipients(rs []recipient) {
	if rs == nil {
		o.b = append(o.b, "null"...)
		return
	}
	o.b = append(o.b, '[')
	for i, r := range rs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		if r.ORCPT != "" || len(r.Notify) > 0 || !r.ValidSince.IsZero() {
			o.add(json.Marshal(r))
			continue
		}
		o.b = append(o.b, '{')
		o.mailbox("original", r.Original)
		o.b = append(o.b, '}')
	}
	o.b = append(o.b, ']')
}

// quote adds a string. What has to be escaped is left to those who know how.
func (o *object) quote(s string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			o.add(json.Marshal(s))
			return
		}
	}
	o.b = append(append(append(o.b, '"'), s...), '"')
}

package report

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
)

// notify is the delivery status notification of kind k about some recipients: a
// multipart/report of three parts, RFC 6522 section 3.
func (o Original) notify(s Stamp, about []*envelope.Recipient, k kind, back part) (*message.Message, *envelope.Envelope, error) {
	if o.Envelope.Sender.IsNull() || len(about) == 0 {
		return nil, nil, ErrNothing
	}
	status := o.status(s, about, k)
	machine := entity{kind: "message/delivery-status", encoding: sevenBit, write: text(status)}
	if !isASCII(status) {
		// RFC 6533 section 4: the same, in UTF-8.
		machine.kind, machine.encoding = "message/global-delivery-status", eightBit
	}
	parts := []entity{human(o.text(s, about, k)), machine, back(o)}

	media := mime.FormatMediaType("multipart/report", map[string]string{
		"report-type": "delivery-status",
		"boundary":    s.Boundary,
	})
	msg, err := compose(o.header(s, k.subject, media), func(w *gomessage.Writer) error {
		for _, p := range parts {
			if err := p.add(w); err != nil {
				return err
			}
		}
		return nil
	})
	return msg, o.envelope(), err
}

// header is what all reports say of themselves.
func (o Original) header(s Stamp, subject, media string) gomessage.Header {
	fields := [][2]string{
		{"From", "Mail Delivery System <" + clean(s.From.String()) + ">"},
		{"To", "<" + clean(o.Envelope.Sender.String()) + ">"},
		{"Date", s.Date.Format(date)},
		{"Message-ID", "<" + clean(s.MessageID) + ">"},
	}
	if id := o.messageID(); id != "" {
		fields = append(fields, [2]string{"In-Reply-To", id}, [2]string{"References", id})
	}
	fields = append(fields,
		[2]string{"Subject", subject},
		[2]string{"Auto-Submitted", "auto-replied"}, // RFC 3834 section 5
		[2]string{"MIME-Version", "1.0"},
		[2]string{"Content-Type", media})
	var h gomessage.Header
	for _, f := range slices.Backward(fields) { // Add puts a field in front
		h.Add(f[0], f[1])
	}
	return h
}

// messageID is the original's Message-ID, if it has the form of one.
func (o Original) messageID() string {
	id := o.value("Message-ID")
	if len(id) > 900 || !strings.HasPrefix(id, "<") || strings.IndexByte(id, '>') != len(id)-1 || strings.ContainsAny(id, " \t") {
		return ""
	}
	return id
}

// compose builds a message from a header and what body writes.
func compose(h gomessage.Header, body func(*gomessage.Writer) error) (*message.Message, error) {
	var buf bytes.Buffer
	w, err := gomessage.CreateWriter(&buf, h)
	if err != nil {
		return nil, fmt.Errorf("composing a report: %w", err)
	}
	end := buf.Len()
	if err = body(w); err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("composing a report: %w", err)
	}
	var scan message.Scanner
	all := buf.Bytes()
	scan.Write(all[end:])
	return &message.Message{
		Header: all[: end-len("\r\n") : end-len("\r\n")],
		Body:   message.NewBody(all[end:], scan.Traits()),
	}, nil
}

// Content-transfer-encodings, RFC 2045 section 6.
const (
	sevenBit = "7bit"
	eightBit = "8bit"
	binary   = "binary"
	quoted   = "quoted-printable"
)

// entity is one part of a report.
type entity struct {
	kind     string // media type
	charset  string
	encoding string
	write    func(io.Writer) error
}

// media is the value of the Content-Type field.
func (e entity) media() string {
	if e.charset == "" {
		return e.kind
	}
	return e.kind + "; charset=" + e.charset
}

func (e entity) add(w *gomessage.Writer) error {
	var h gomessage.Header
	h.Add("Content-Transfer-Encoding", e.encoding)
	h.Add("Content-Type", e.media())
	pw, err := w.CreatePart(h)
	if err != nil {
		return err
	}
	if err := e.write(pw); err != nil {
		return err
	}
	return pw.Close()
}

// human is a text for people; beyond ASCII it is encoded, so that it passes every
// server.
func human(s string) entity {
	e := entity{kind: "text/plain", charset: "utf-8", encoding: sevenBit, write: text(s)}
	if !isASCII(s) {
		e.encoding = quoted
	}
	return e
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

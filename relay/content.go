package relay

import (
	"bytes"
	"io"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/fit"
	"mailchute/relay/smtp"
)

// content is a message as one kind of server gets it: wishes in its header, fitted,
// and signed in front. It is made once, however many transactions carry it; see remake.
type content struct {
	*fit.Content
	kind      kind
	signature []byte // the DKIM-Signature field; nil: none
}

// kind is all of a server and a transaction that a message looks at.
type kind struct {
	server                  fit.Server
	wantUTF8, rrvs, mtPrior bool
	dated                   *envelope.Recipient // of whom the header may tell since when he has his mailbox; nil: of nobody
}

// content makes the message ready for the server, and signs it behind all that
// changes it (RFC 6376 section 5.3). dated is as in kind.
func (d *delivery) content(ext smtp.Extensions, wantUTF8 bool, dated *envelope.Recipient) (*content, error) {
	k := kind{
		server:   fit.Server{EightBitMIME: ext.EightBitMIME, BinaryMIME: ext.BinaryMIME && ext.Chunking, SMTPUTF8: ext.SMTPUTF8},
		wantUTF8: wantUTF8, rrvs: ext.RRVS, mtPrior: ext.MTPriority,
	}
	if !ext.RRVS {
		k.dated = dated
	}
	if d.made != nil && d.made.kind == k {
		return d.made, nil
	}
	msg, err := tunnel(d.msg, d.env, ext, k.dated)
	if err != nil {
		return nil, err
	}
	fitted, err := fit.Fit(msg, k.server, wantUTF8)
	if err != nil {
		return nil, err
	}
	c := &content{Content: fitted, kind: k}
	if d.Signer != nil {
		if c.signature, err = d.Signer.Sign(fitted, time.Now()); err != nil {
			return nil, err
		}
	}
	d.made = c
	return c, nil
}

// remake forgets the message as it was made when r, whose mailbox it may speak of, has
// got another address.
func (d *delivery) remake(r *envelope.Recipient) {
	if !r.ValidSince.IsZero() {
		d.made = nil
	}
}

// Size is the exact number of octets that WriteTo writes.
func (c *content) Size() int64 {
	if n := c.Content.Size(); n >= 0 {
		return n + int64(len(c.signature))
	}
	return -1
}

// Estimate is a number for the SIZE parameter, not below the real size.
func (c *content) Estimate() int64 { return c.Content.Estimate() + int64(len(c.signature)) }

// WriteTo writes the signature and the message.
func (c *content) WriteTo(w io.Writer) (int64, error) {
	if c.signature == nil {
		return c.Content.WriteTo(w)
	}
	n, err := bytes.NewReader(c.signature).WriteTo(w)
	if err != nil {
		return n, err
	}
	m, err := c.Content.WriteTo(w)
	return n + m, err
}

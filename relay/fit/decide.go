package fit

import (
	"fmt"

	"mailchute/headers"
	"mailchute/relay/message"
)

// maxDepth is how deep parts may stand in each other to be looked at.
const maxDepth = 100

// action is what is done with an entity.
type action struct {
	do      treatment
	header  headers.Header
	changed bool // header is not that of the entity
	media   media
	broken  bool // called a multipart, but without a delimiter
}

// decide judges an entity: what has to be done with it, and what its header is
// then.
func (w *walker) decide(e entity) (action, error) {
	a := action{header: e.header, media: mediaOf(e.header, e.digest)}
	label := encodingOf(e.header)
	if label.isIdentity() && w.descends(&a, e) {
		if to := w.limits.relabel(label); to != label && e.sealed == "" {
			a.header, a.changed = withEncoding(a.header, to), true
		}
		return a, nil
	}
	return w.decideLeaf(a, e, label)
}

// descends tells whether e is made of entities, and sets up a for that.
func (w *walker) descends(a *action, e entity) bool {
	switch m := a.media; {
	case len(e.place) >= maxDepth:
		return false
	case m.isMessage():
		a.do = descendHeader
		return true
	case m.main != "multipart":
		return false
	}
	b := a.media.boundary
	if b != "" && (w.limits.eightBit || !isEightBit([]byte(b))) {
		if _, found := w.source.delimiter(b, e.body); found {
			a.do = descend
			return true
		}
	}
	a.broken = true
	return false
}

// decideLeaf is decide for what is not taken apart. A body that is called a
// multipart but has no delimiter is text to its reader; if it has to be
// encoded, it is made such.
func (w *walker) decideLeaf(a action, e entity, label encoding) (action, error) {
	t, err := w.traits(e.body)
	if err != nil {
		return a, err
	}
	m := a.media
	if a.broken {
		m = media{main: "text", sub: "plain"}
	}
	fits := w.limits.takes(t) && !t.BareCR
	untyped := e.header.Count("Content-Type") == 0 && label == identity
	switch {
	case fits && sealOf(a, e) != "" && (label != binary || m.isText() && !t.HasOctets() || w.keepsOctets(e, t)):
		return a, nil
	case untyped && isBinary(t) && (t.EightBit || !fits):
		a.do, label = toBase64, base64Encoding
	default:
		if a.do, label, err = w.limits.treat(m, label, t); err != nil {
			return a, e.place.at(err)
		}
	}
	if a.do == asLines && len(e.place) == 0 && t.EightBit && !m.isComposite() && isUnlabelled(e.header) {
		label = eightBit
	}
	if a.broken && a.do != asLines {
		a.header = without(a.header, "Content-Type")
	}
	if seal := sealOf(a, e); seal != "" && (label != identity || a.do != asOctets && !fits) {
		return a, w.breaks(seal, e.place, t)
	}
	if label != identity {
		a.header, a.changed = describe(a.header, t, label, e.message), true
	}
	return a, nil
}

// keepsOctets tells whether not even line ends change when e is copied as lines.
// At the very end of the message, an open line is given an end.
func (w *walker) keepsOctets(e entity, t message.Traits) bool {
	whole := t.Size == e.body.end-e.body.start // traits has left no CR out
	return whole && (t.Canonical || t.LongestLine == t.Size && e.body.end < w.body.Traits.Size)
}

// isUnlabelled tells whether a header does not say that there is 8-bit text.
func isUnlabelled(h headers.Header) bool {
	e := encodingOf(h)
	return e == identity || e == sevenBit
}

// sealOf names what an entity is sealed by, from outside or by its own type.
func sealOf(a action, e entity) string {
	if e.sealed != "" {
		return e.sealed
	}
	return a.media.seal()
}

// relabel is the right label for a composite entity whose parts are made to fit
// these limits, RFC 2045 section 6.4.
func (l limits) relabel(e encoding) encoding {
	switch {
	case !l.eightBit && (e == eightBit || e == binary):
		return sevenBit
	case !l.binary && e == binary:
		return eightBit
	}
	return e
}

// breaks is the error for what cannot go as it is and must not be changed.
func (w *walker) breaks(seal string, p place, t message.Traits) error {
	return &Error{noConversion(), fmt.Sprintf("%s cannot go to this server as it is: %s, and a conversion would break its %s", p, w.limits.obstacle(t), seal)}
}

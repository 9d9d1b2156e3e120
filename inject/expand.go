package inject

import (
	"slices"
	"strings"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject/aliases"
)

// expand puts the targets of an alias in its place. A list's copies go out under
// the list's owner (RFC 5321 section 3.9.2); the header is not touched. A target
// that can get no mail is told of as a malformed recipient is.
func (b *addressing) expand(e address.Element) (found bool) {
	targets, found := b.table.Expand(e.Addr.Local, b.Who.isOwn)
	b.origin.Alias = e.Addr.Local
	defer func() { b.origin.Alias = "" }()
	for _, t := range targets {
		if t.Err != nil {
			b.Malformed = append(b.Malformed, Malformed{address.Element{Text: e.Text, Err: t.Err}, len(b.recipients)})
			continue
		}
		sender := b.sender
		if !t.Owner.IsNull() && !sender.IsNull() { // a report stays a report
			sender = t.Owner.Qualify(b.Who.Domain)
		}
		b.recipient(t.Addr, sender)
	}
	return found
}

// rewriteAliases puts the targets of aliases into To and Cc, where
// aliases_rewrite_headers asks for it. Names that are no alias, and errors in
// the table, leave a field as it is.
func (s *Submission) rewriteAliases(h headers.Header, t *aliases.Table, changes *[]headers.Change) headers.Header {
	fields := slices.Clone(h.Fields())
	for i, f := range fields {
		if f.Is("To") || f.Is("Cc") {
			if text := s.expandText(f.Text(), t); text != f.Text() {
				fields[i] = f.WithText(text)
				*changes = append(*changes, headers.Change{Rule: "alias replaced (aliases_rewrite_headers)", Before: string(f.Raw()), After: string(fields[i].Raw())})
			}
		}
	}
	return headers.Of(fields...)
}

// expandText replaces each mailbox of an address list that is an alias.
func (s *Submission) expandText(text string, t *aliases.Table) string {
	var b strings.Builder
	done := 0
	for _, e := range address.ParseList(text) {
		if e.Err != nil || !s.Who.isLocal(e.Addr) {
			continue
		}
		targets, found := t.Expand(e.Addr.Local, s.Who.isOwn)
		if !found || slices.ContainsFunc(targets, func(t aliases.Target) bool { return t.Err != nil }) {
			continue
		}
		start, end := e.Spec.Start, e.Spec.End
		if len(targets) > 1 && e.Angled { // a name can stand for one address only
			end++
			for start--; start > done && text[start] != '<'; start-- {
			}
			if e.Name != "" {
				start = e.NameSpan.Start
			}
		}
		b.WriteString(text[done:start])
		for i, target := range targets {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(target.Addr.Qualify(s.Who.Domain).String())
		}
		done = end
	}
	b.WriteString(text[done:])
	return b.String()
}

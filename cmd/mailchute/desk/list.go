package desk

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/queue"
	"mailchute/relay/xqueue"
)

// list prints the entries that the filters let through.
func (c *Queue) list(ctx context.Context, f *face.Call, p *Stores) error {
	out := bufio.NewWriter(f.Stdout)
	defer out.Flush()
	array := voice.NewJSONArray(out)
	n := 0
	each := func(s queue.Summary) error {
		switch {
		case !c.wants(&s):
			return nil
		case c.List.JSON:
			return array.Add(s)
		}
		n++
		listEntry(out, s)
		return nil
	}
	filter := xqueue.Filter{Failed: c.List.Failed, Sender: c.List.Sender, Address: c.List.Recipient}
	unread := p.missing
	for _, where := range p.all(ctx) {
		unread = cmp.Or(where.Each(filter, each, f.Complain), unread)
	}
	p.tellUnseen(f.Voice)
	switch {
	case c.List.JSON:
		return cmp.Or(array.End(), unread)
	case n == 0 && unread == nil:
		fmt.Fprintln(out, "nothing")
	}
	return unread
}

// wants tells whether a message is one that the flags speak of, besides those that
// the filter knows.
func (c *Queue) wants(s *queue.Summary) bool {
	l := &c.List
	return (l.Account == "" || s.Account == l.Account) && (l.Older == 0 || time.Since(s.Submitted) >= time.Duration(l.Older))
}

// show prints one message whole.
func (c *Queue) show(ctx context.Context, f *face.Call, p *Stores) error {
	err := p.find(ctx, func(where Store) error {
		s, err := where.show(c.Show.ID)
		if err != nil {
			return err
		}
		if c.Show.JSON {
			return voice.PrintJSON(f.Stdout, s)
		}
		showEntry(f.Stdout, s)
		text := &letter{w: f.Stdout, tame: terminal.Is(f.Stdout)}
		return cmp.Or(where.read(c.Show.ID, text), text.end())
	})
	return aboutID(c.Show.ID, err)
}

// eachID does something to every id, wherever it is.
func eachID(ctx context.Context, f *face.Call, p *Stores, ids []string, verb xqueue.Verb) exit.Status {
	status := exit.OK
	for _, id := range ids {
		if err := p.find(ctx, func(where Store) error { return where.do(verb, id) }); err != nil {
			status = f.Report(aboutID(id, err))
		}
	}
	return status
}

// aboutID says which message an error is about.
func aboutID(id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", id, err)
}

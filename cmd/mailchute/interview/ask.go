package interview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
)

// errInterrupted ends a question that somebody did not want to answer.
var errInterrupted = errors.New("interrupted")

// asker puts questions to a person, on standard error so that standard output
// stays clean. Where nobody can answer, it takes what is proposed.
type asker struct {
	in     *os.File
	out    io.Writer
	nobody bool
}

func newAsker(p face.Process, yes bool) *asker {
	person := !yes && p.Stdin != nil && terminal.Is(p.Stdin)
	return &asker{in: p.Stdin, out: p.Stderr, nobody: !person}
}

// line asks for a line. An empty answer is what is proposed. Without a person,
// nothing proposed is a *usageTrouble with the flag that answers.
func (a *asker) line(ctx context.Context, question, proposed, flag string) (string, error) {
	if a.nobody {
		if proposed == "" {
			return "", &usageTrouble{"nobody can be asked here: give " + flag}
		}
		return proposed, nil
	}
	for {
		fmt.Fprint(a.out, voice.Printable(question))
		if proposed != "" {
			fmt.Fprintf(a.out, " [%s]", voice.Printable(proposed))
		}
		fmt.Fprint(a.out, ": ")
		answer, err := a.wait(ctx, func() (string, error) { return terminal.ReadLine(a.in) })
		if err != nil {
			return "", err
		}
		if answer = strings.TrimSpace(answer); answer == "" {
			answer = proposed
		}
		if answer != "" {
			return answer, nil
		}
	}
}

// optional asks for a line that may be left out, by an answer of "-".
func (a *asker) optional(ctx context.Context, question, proposed string) (string, error) {
	if a.nobody {
		return "", nil
	}
	answer, err := a.line(ctx, question+" (- for none)", proposed, "")
	if answer == "-" {
		answer = ""
	}
	return answer, err
}

// mailbox is optional, until the answer fits.
func (a *asker) mailbox(ctx context.Context, question, proposed string, fits func(string) error) (string, error) {
	for {
		text, err := a.optional(ctx, question, proposed)
		if err != nil || text == "" {
			return "", err
		}
		if err := fits(text); err == nil {
			return text, nil
		} else {
			voice.To(a.out).Say("%v", err)
		}
	}
}

// secret asks without showing the answer. An empty one is an answer. The terminal
// stops showing what is typed before the question appears, so that a quick hand
// or a paste is not shown either.
func (a *asker) secret(ctx context.Context, question string) (string, error) {
	fd := int(a.in.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(fd, before) }()
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{octets{a.in}, a.out}, "")
	return a.wait(ctx, func() (string, error) {
		return screen.ReadPassword(voice.Printable(question) + ": ") // Ctrl-C is io.EOF
	})
}

// octets reads one octet at a time: what follows a line is for another reader.
type octets struct{ r io.Reader }

func (o octets) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }

// yes asks a question whose usual answer is no.
func (a *asker) yes(ctx context.Context, question string) (bool, error) {
	if a.nobody {
		return false, nil
	}
	answer, err := a.line(ctx, question+" (yes or no)", "no", "")
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

// wait reads, but not longer than ctx.
func (a *asker) wait(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if errors.Is(r.err, io.EOF) {
			r.err = errInterrupted
		}
		return r.text, r.err
	case <-ctx.Done():
		return "", errInterrupted
	}
}

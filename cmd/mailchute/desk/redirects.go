package desk

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/relay/redirect"
)

// Redirects is `mailchute redirects`.
type Redirects struct {
	Config string `short:"C" name:"config" help:"Taken as by other commands; the memory is the user's, whatever the configuration." placeholder:"FILE"`
	Serve  bool   `help:"The memory of mailchute serve on this machine, instead of one's own; for root and the user that it runs as."`

	List struct {
		JSON bool `help:"As a JSON array."`
	} `cmd:"" help:"List what 557 has taught."`
	Add struct {
		Old string `arg:"" help:"Old address."`
		New string `arg:"" help:"New address."`
	} `cmd:"" help:"Add a redirect by hand."`
	Forget struct {
		Old []string `arg:"" help:"Old addresses."`
	} `cmd:"" help:"Forget redirects."`
	Export struct{} `cmd:"" help:"Write all as lines of JSON."`
	Import struct{} `cmd:"" help:"Read lines of JSON, as export writes them."`
}

// Do does what the words behind "redirects" say.
func (c *Redirects) Do(p face.Process, words string) exit.Status {
	v := voice.To(p.Stderr)
	part := p.Part
	if c.Serve {
		part = host.ServerPart
	}
	path := host.RedirectsPath(part, p.Getenv)
	if path == "" {
		v.Say("no place for a memory of redirects: set HOME or XDG_STATE_HOME")
		return exit.Config
	}
	verb, _, _ := strings.Cut(words, " ")
	if c.Serve && os.Getuid() == 0 {
		// Root handles the server's files as the server: what root makes there is lost
		// to it. The way to them may be closed to that user, so it is gone first.
		err := host.BecomeOwner(filepath.Dir(path))
		switch {
		case err == nil:
			path = filepath.Base(path)
		case errors.Is(err, fs.ErrNotExist) && (verb == "list" || verb == "export"):
			// It has learnt nothing yet.
		default:
			v.Say("the memory of mailchute serve: %v; the server makes its place when it learns the first redirect", err)
			return exit.CantCreate
		}
	}
	m := redirect.OpenMemory(path)
	var err error
	switch verb {
	case "list":
		err = c.list(p, m)
	case "add":
		err = c.add(m)
	case "forget":
		return c.forget(v, m)
	case "export":
		err = export(p, m)
	case "import":
		err = importAll(p, m)
	}
	if err != nil {
		v.Say("%v", err)
		return statusOfRedirects(err)
	}
	return exit.OK
}

func statusOfRedirects(err error) exit.Status {
	if errors.As(err, new(*address.Error)) || errors.As(err, new(*entryError)) {
		return exit.DataErr
	}
	return exit.CantCreate
}

// entryError is a redirect that cannot be.
type entryError struct{ err error }

func (e *entryError) Error() string { return e.err.Error() }

func (c *Redirects) list(p face.Process, m *redirect.Memory) error {
	entries, err := m.List()
	if err != nil {
		return err
	}
	if c.List.JSON {
		if entries == nil {
			entries = []redirect.Entry{}
		}
		return voice.PrintJSON(p.Stdout, entries)
	}
	for _, e := range entries {
		fmt.Fprintf(p.Stdout, "%s  %s -> %s", e.Learned.Local().Format(time.DateOnly), voice.Printable(voice.Path(e.Old)), voice.Printable(voice.Path(e.New)))
		if e.Server != "" {
			fmt.Fprintf(p.Stdout, "  told by %s", voice.Printable(e.Server))
		}
		if e.Uses > 0 {
			fmt.Fprintf(p.Stdout, ", used %d times", e.Uses)
		}
		fmt.Fprintln(p.Stdout)
	}
	return nil
}

// path is an address as it is typed: with its angle brackets or without.
func path(text string) (address.Addr, error) {
	if inner, ok := strings.CutPrefix(text, "<"); ok {
		if inner, ok = strings.CutSuffix(inner, ">"); ok {
			text = inner
		}
	}
	return address.ParsePath(text)
}

func (c *Redirects) add(m *redirect.Memory) error {
	old, err := path(c.Add.Old)
	if err != nil {
		return err
	}
	to, err := path(c.Add.New)
	if err != nil {
		return err
	}
	e := redirect.Entry{Old: old, New: to, Code: 557, Learned: time.Now()}
	if err := e.Check(); err != nil {
		return &entryError{err}
	}
	return m.Set(e)
}

func (c *Redirects) forget(v voice.Voice, m *redirect.Memory) exit.Status {
	known, err := m.List()
	if err != nil {
		v.Say("%v", err)
		return exit.CantCreate
	}
	var olds []address.Addr
	status := exit.OK
	for _, text := range c.Forget.Old {
		old, err := path(text)
		there := false
		for _, e := range known {
			there = there || e.Old.Equal(old)
		}
		switch {
		case err != nil:
			v.Say("%v", err)
			status = exit.DataErr
		case !there:
			v.Say("%s: no such redirect", voice.Path(old))
			status = exit.Unavailable
		default:
			olds = append(olds, old)
		}
	}
	if err := m.Forget(olds...); err != nil {
		v.Say("%v", err)
		return exit.CantCreate
	}
	return status
}

// export writes a line of JSON for each redirect, for programs that keep records
// of addresses (draft-sam-smtp-redirects section 3.1).
func export(p face.Process, m *redirect.Memory) error {
	entries, err := m.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := json.NewEncoder(p.Stdout).Encode(e); err != nil {
			return err
		}
	}
	return nil
}

// importAll reads what export wrote: all of it, or nothing.
func importAll(p face.Process, m *redirect.Memory) error {
	var entries []redirect.Entry
	lines := bufio.NewScanner(p.Stdin)
	lines.Buffer(nil, 64<<10)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var e redirect.Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return &entryError{fmt.Errorf("line %d: %w", n, err)}
		}
		entries = append(entries, e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", os.Stdin.Name(), err)
	}
	return m.Learn(entries...)
}

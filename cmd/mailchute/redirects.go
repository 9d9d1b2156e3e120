package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/redirect"
)

// redirectsCommand is `mailchute redirects`.
type redirectsCommand struct {
	Config string `short:"C" name:"config" help:"Taken as by other commands; the memory is the user's, whatever the configuration." placeholder:"FILE"`

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

// run does what the words behind "redirects" say.
func (c *redirectsCommand) run(p process, words string) exitStatus {
	v := voice{p.Stderr}
	path := memoryPath(p.Getenv)
	if path == "" {
		v.say("no place for a memory of redirects: set HOME or XDG_STATE_HOME")
		return exitConfig
	}
	m := redirect.OpenMemory(path)
	var err error
	switch verb, _, _ := strings.Cut(words, " "); verb {
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
		v.say("%v", err)
		return statusOfRedirects(err)
	}
	return exitOK
}

func statusOfRedirects(err error) exitStatus {
	if is[*address.Error](err) || is[*entryError](err) {
		return exitDataErr
	}
	return exitCantCreate
}

// entryError is a redirect that cannot be.
type entryError struct{ err error }

func (e *entryError) Error() string { return e.err.Error() }

func (c *redirectsCommand) list(p process, m *redirect.Memory) error {
	entries, err := m.List()
	if err != nil {
		return err
	}
	if c.List.JSON {
		if entries == nil {
			entries = []redirect.Entry{}
		}
		return printJSON(p.Stdout, entries)
	}
	for _, e := range entries {
		fmt.Fprintf(p.Stdout, "%s  %s -> %s", e.Learned.Local().Format(time.DateOnly), printable(path(e.Old)), printable(path(e.New)))
		if e.Server != "" {
			fmt.Fprintf(p.Stdout, "  told by %s", printable(e.Server))
		}
		if e.Uses > 0 {
			fmt.Fprintf(p.Stdout, ", used %d times", e.Uses)
		}
		fmt.Fprintln(p.Stdout)
	}
	return nil
}

func (c *redirectsCommand) add(m *redirect.Memory) error {
	old, err := address.ParsePath(strings.Trim(c.Add.Old, "<>"))
	if err != nil {
		return err
	}
	to, err := address.ParsePath(strings.Trim(c.Add.New, "<>"))
	if err != nil {
		return err
	}
	e := redirect.Entry{Old: old, New: to, Code: 557, Learned: time.Now()}
	if err := e.Check(); err != nil {
		return &entryError{err}
	}
	return m.Learn(e)
}

func (c *redirectsCommand) forget(v voice, m *redirect.Memory) exitStatus {
	known, err := m.List()
	if err != nil {
		v.say("%v", err)
		return exitCantCreate
	}
	var olds []address.Addr
	status := exitOK
	for _, text := range c.Forget.Old {
		old, err := address.ParsePath(strings.Trim(text, "<>"))
		there := false
		for _, e := range known {
			there = there || e.Old.Equal(old)
		}
		switch {
		case err != nil:
			v.say("%v", err)
			status = exitDataErr
		case !there:
			v.say("%s: no such redirect", path(old))
			status = exitUnavailable
		default:
			olds = append(olds, old)
		}
	}
	if err := m.Forget(olds...); err != nil {
		v.say("%v", err)
		return exitCantCreate
	}
	return status
}

// export writes a line of JSON for each redirect, for programs that keep records
// of addresses (draft-sam-smtp-redirects section 3.1).
func export(p process, m *redirect.Memory) error {
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
func importAll(p process, m *redirect.Memory) error {
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

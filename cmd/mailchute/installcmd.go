package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/install"
	"mailchute/cmd/mailchute/serve"
	"mailchute/cmd/mailchute/voice"
	"mailchute/man"
)

// installCommand is `mailchute install`.
type installCommand struct {
	placesCommand
	Force bool `help:"Take the place of a package's file too, or of one whose earlier file is kept; nothing kept is lost."`
}

// uninstallCommand is `mailchute uninstall`.
type uninstallCommand struct{ placesCommand }

// placesCommand is what both have: sendmail's places, and all that goes with them.
type placesCommand struct {
	unconfigured
	Prefix string `help:"Work below this directory as if it were /." placeholder:"DIR" type:"path"`
	DryRun bool   `help:"Show what would be done, and do nothing."`
}

// programPlace is where the program goes when it is not in a directory for programs.
const programPlace = "/usr/local/bin/mailchute"

// install takes sendmail's places.
func (c *installCommand) install(p face.Process) exit.Status {
	if owner := c.ownPackage(); owner != "" {
		fmt.Fprintf(p.Stdout, "nothing to do: this program is of the package %s, which puts all in place itself\n", voice.Printable(owner))
		return exit.OK
	}
	items, err := c.items()
	if err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.Software
	}
	i := c.installer()
	i.Force = c.Force
	steps, err := i.Install(items)
	if err != nil {
		return refusedInstall(voice.To(p.Stderr), err)
	}
	if len(steps) == 0 {
		fmt.Fprintln(p.Stdout, "all is in place")
	}
	status := c.perform(p, steps)
	if status == exit.OK && len(steps) > 0 && !c.DryRun {
		c.afterInstall(p.Stdout)
	}
	return status
}

// uninstall gives them back.
func (c *uninstallCommand) uninstall(p face.Process) exit.Status {
	items, err := c.items()
	if err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.Software
	}
	steps, err := c.installer().Uninstall(items)
	if err != nil {
		return refusedInstall(voice.To(p.Stderr), err)
	}
	if len(steps) == 0 {
		fmt.Fprintln(p.Stdout, "nothing of it is in place")
	}
	status := c.perform(p, steps)
	if status == exit.OK && len(steps) > 0 && !c.DryRun {
		c.afterUninstall(p.Stdout)
	}
	return status
}

func refusedInstall(v voice.Voice, err error) exit.Status {
	if errors.Is(err, fs.ErrPermission) {
		v.Say("%v; run it as root, or with a --prefix that is yours", err)
		return exit.NoPerm
	}
	for _, e := range voice.Mistakes(err) {
		v.Say("%v", e)
	}
	return exit.CantCreate
}

func (c *placesCommand) installer() *install.Installer {
	i := &install.Installer{Root: c.Prefix}
	if c.Prefix == "" || filepath.Clean(c.Prefix) == "/" {
		i.Owner = install.Owner
	}
	return i
}

// perform shows each step and does it.
func (c *placesCommand) perform(p face.Process, steps []install.Step) exit.Status {
	for _, s := range steps {
		if !c.DryRun {
			if err := s.Do(); err != nil {
				return refusedInstall(voice.To(p.Stderr), err)
			}
		}
		line := fmt.Sprintf("%-8s %s", s.Action, s.Path)
		switch {
		case s.Action == install.Keep:
			line += " as " + s.To
		case s.Action == install.Restore:
			line += " from " + s.To
		case s.Action == install.Leave:
			line += " to whoever has it now; what was there before is in " + s.To
		case s.To != "":
			line += " -> " + s.To
		}
		fmt.Fprintln(p.Stdout, voice.Printable(line))
	}
	return exit.OK
}

// ownPackage is the package that has installed this program, "" for none.
func (c *placesCommand) ownPackage() string {
	i := c.installer()
	executable, err := theProgram()
	if err != nil || i.Owner == nil || c.inside(executable) == "" {
		return ""
	}
	return i.Owner(executable)
}

// theProgram is the file of this program.
func theProgram() (string, error) {
	executable, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(executable)
}

// items is all that is put in place: the program, its names, the pages,
// completions, and units where systemd is.
func (c *placesCommand) items() ([]install.Item, error) {
	executable, err := theProgram()
	if err != nil {
		return nil, err
	}
	var items []install.Item
	at := c.inside(executable)
	if at == "" {
		text, err := os.ReadFile(executable)
		if err != nil {
			return nil, err
		}
		at = programPlace
		items = append(items, install.Item{Path: at, Text: text, Mode: 0o755, Own: true})
	}
	for _, name := range []string{"/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/mailq", "/usr/bin/newaliases"} {
		items = append(items, install.Item{Path: name, Link: at})
	}
	pages, err := manPages()
	if err != nil {
		return nil, err
	}
	completions, err := completionFiles()
	if err != nil {
		return nil, err
	}
	items = append(append(items, pages...), completions...)
	if !c.hasSystemd() {
		return items, nil
	}
	units, err := unitFiles(at)
	return append(items, units...), err
}

// hasSystemd tells whether systemd is installed.
func (c *placesCommand) hasSystemd() bool {
	return slices.ContainsFunc([]string{"usr/lib/systemd", "lib/systemd"}, func(dir string) bool {
		_, err := os.Stat(filepath.Join("/", c.Prefix, dir))
		return err == nil
	})
}

// inside is where the program is already, as seen from the prefix: in a directory
// for programs, "" when it is anywhere else.
func (c *placesCommand) inside(executable string) string {
	root, err := filepath.EvalSymlinks(filepath.Join("/", c.Prefix))
	if err != nil {
		return ""
	}
	for _, place := range []string{"/usr/bin/mailchute", "/usr/sbin/mailchute"} {
		if executable == filepath.Join(root, place) {
			return place
		}
	}
	return ""
}

// manPages is the pages in the places of their sections.
func manPages() (items []install.Item, err error) {
	entries, err := man.Pages.ReadDir(".")
	for _, e := range entries {
		text, err := man.Pages.ReadFile(e.Name())
		if err != nil {
			return nil, err
		}
		section := strings.TrimPrefix(filepath.Ext(e.Name()), ".")
		items = append(items, install.Item{Path: "/usr/local/share/man/man" + section + "/" + e.Name(), Text: text, Mode: 0o644, Own: strings.Contains(e.Name(), "mailchute")})
	}
	return items, err
}

// unitFiles is systemd's units, with the program where it is.
func unitFiles(at string) (items []install.Item, err error) {
	entries, err := serve.Units.ReadDir("units")
	for _, e := range entries {
		text, err := serve.Units.ReadFile("units/" + e.Name())
		if err != nil {
			return nil, err
		}
		text = bytes.ReplaceAll(text, []byte(programPlace), []byte(at))
		items = append(items, install.Item{Path: "/usr/local/lib/systemd/system/" + e.Name(), Text: text, Mode: 0o644, Own: strings.Contains(e.Name(), "mailchute")})
	}
	return items, err
}

// completionFiles is the completions where the shells look for them.
func completionFiles() ([]install.Item, error) {
	places := []struct{ shell, path string }{
		{"bash", "/usr/local/share/bash-completion/completions/mailchute"},
		{"zsh", "/usr/local/share/zsh/site-functions/_mailchute"},
		{"fish", "/usr/local/share/fish/vendor_completions.d/mailchute.fish"},
	}
	var items []install.Item
	for _, place := range places {
		text, err := completion(place.shell)
		if err != nil {
			return nil, err
		}
		items = append(items, install.Item{Path: place.path, Text: []byte(text), Mode: 0o644, Own: true})
	}
	return items, nil
}

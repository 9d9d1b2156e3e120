package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mailchute/cmd/mailchute/voice"
)

// enabledUnits is the units of ours that systemd starts; nil and false where systemd
// does not run the machine, and there is nothing to tell it.
func (c *placesCommand) enabledUnits() (names []string, there bool) {
	root := filepath.Join("/", c.Prefix)
	if _, err := os.Stat(filepath.Join(root, "run/systemd/system")); err != nil {
		return nil, false
	}
	links, _ := filepath.Glob(filepath.Join(root, "etc/systemd/system/*.wants/mailchute*"))
	for _, link := range links {
		names = append(names, filepath.Base(link))
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// afterInstall says what systemd has to be told.
func (c *placesCommand) afterInstall(w io.Writer) {
	switch enabled, there := c.enabledUnits(); {
	case !there:
	case len(enabled) == 0:
		fmt.Fprintln(w, "next     systemctl enable --now mailchute-queue.timer, which tries what waits; or mailchute init --serve")
	default:
		fmt.Fprintln(w, "next     systemctl daemon-reload && systemctl try-restart mailchute.service")
	}
}

// afterUninstall says what systemd has to be told. Units that a package brings stay,
// and what is enabled of them leads to those that are gone.
func (c *placesCommand) afterUninstall(w io.Writer) {
	enabled, _ := c.enabledUnits()
	if len(enabled) == 0 {
		return
	}
	units := voice.Printable(strings.Join(enabled, " "))
	if _, err := os.Stat(filepath.Join("/", c.Prefix, "usr/lib/systemd/system", enabled[0])); err == nil {
		fmt.Fprintf(w, "next     systemctl daemon-reload && systemctl reenable %[1]s && systemctl try-restart %[1]s\n", units)
		return
	}
	fmt.Fprintf(w, "next     systemctl disable --now %s && systemctl daemon-reload\n", units)
}

package serve

import (
	"embed"
	"fmt"
	"io"
	"strings"

	"mailchute/inject"
)

// Units is what systemd needs to run us.
//
//go:embed units/mailchute.service units/mailchute.socket units/mailchute-queue.service units/mailchute-queue.timer
var Units embed.FS

// printUnit writes one of them to w.
func printUnit(w io.Writer, name string) error {
	text, err := Units.ReadFile("units/" + name)
	if err != nil {
		var names []string
		entries, _ := Units.ReadDir("units")
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return &inject.UsageError{Reason: fmt.Sprintf("--print-unit %q: there are %s", name, strings.Join(names, ", "))}
	}
	_, err = w.Write(text)
	return err
}

package main

import (
	"context"
	"io"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/mdoc"
	"mailchute/cmd/mailchute/voice"
	"mailchute/man"
)

// helpCommand is `mailchute help`: a manual page, or the flags of a command.
type helpCommand struct {
	unconfigured
	Topic []string `arg:"" optional:"" help:"A page, such as sendmail or mailchute.toml, or a command."`
}

type completionCommand struct {
	unconfigured
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// pageWidth is how wide a page is shown, as man(1) does.
const pageWidth = 78

// pageOf is the file of the page that a topic means, "" for none.
func pageOf(topic string) string {
	switch topic {
	case "mailq", "newaliases":
		topic = "sendmail"
	case "toml", "config", "configuration":
		topic = "mailchute.toml"
	}
	for _, file := range pageFiles() {
		dot := strings.LastIndexByte(file, '.')
		name, section := file[:dot], file[dot+1:]
		if topic == name || topic == file || topic == name+"("+section+")" || name == "mailchute-"+topic {
			return file
		}
	}
	return ""
}

// pageFiles is the pages there are, such as "mailchute.1".
func pageFiles() []string {
	entries, _ := man.Pages.ReadDir(".")
	files := make([]string, len(entries))
	for i, e := range entries {
		files[i] = e.Name()
	}
	return files
}

func (h *helpCommand) run(ctx context.Context, p face.Process) exit.Status {
	if len(h.Topic) == 0 {
		io.WriteString(p.Stdout, "Pages: "+strings.Join(pageFiles(), ", ")+". Show one with mailchute help NAME.\n\n")
		return ownFace(ctx, p, []string{"--help"})
	}
	name := pageOf(strings.ToLower(h.Topic[0]))
	if name == "" {
		return ownFace(ctx, p, append(h.Topic, "--help"))
	}
	page, err := man.Pages.ReadFile(name)
	if err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.Software
	}
	io.WriteString(p.Stdout, mdoc.Text(string(page), pageWidth))
	return exit.OK
}

func (c *completionCommand) run(p face.Process) exit.Status {
	text, err := completion(c.Shell)
	if err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.Software
	}
	io.WriteString(p.Stdout, text)
	return exit.OK
}

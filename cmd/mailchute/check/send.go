package check

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/sendmail"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
)

// SendTest sends a test message to an address by the configuration that f has read,
// tells each finding, and gives their status.
func SendTest(ctx context.Context, f *face.Call, to string, tell func(Finding)) exit.Status {
	r := &findings{print: tell}
	sendTest(ctx, r.about(""), f, to)
	return r.status()
}

// sendTest sends a message to the address the normal way, but that it is not kept
// for later: the question is whether it works now.
func sendTest(ctx context.Context, at about, f *face.Call, to string) {
	for _, a := range f.Config.All() {
		a.Queue.Enabled, a.Delivery = false, config.Sync
	}
	file, err := testMessage(to)
	if err != nil {
		at.error("send", exit.CantCreate, err.Error(), "")
		return
	}
	defer file.Close()
	var said strings.Builder
	f.Process = face.Process{Stdin: file, Stdout: &said, Stderr: &said, Getenv: f.Getenv}
	f.Voice = voice.To(&said)
	f.Args = &inject.Args{Recipients: []string{to}, IgnoreDots: true, Account: f.Args.Account, ConfigFile: f.Args.ConfigFile, Verbose: true}
	status := sendmail.Send(ctx, f)
	words, reply := partWords(said.String())
	switch {
	case status != exit.OK:
		at.error("send", status, words, "")
	case words != "":
		at.warn("send", "the test message to <"+to+"> was taken: "+reply+"; with a remark: "+words, "")
	default:
		at.ok("send", "the test message to <"+to+"> was taken: "+reply)
	}
}

// partWords parts what was said while sending: words for the user, and the
// server's last word on the message.
func partWords(said string) (words, reply string) {
	var all []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		text, answer := strings.CutPrefix(line, "S: ")
		switch {
		case answer && strings.HasPrefix(text, "2") && !strings.HasPrefix(text, "221"):
			reply = text
		case answer, line == "", strings.HasPrefix(line, "C: "):
		default:
			all = append(all, strings.TrimPrefix(line, "mailchute: "))
		}
	}
	return strings.Join(all, "; "), reply
}

// testMessage is a file, at its beginning, with a message to an address.
func testMessage(to string) (*os.File, error) {
	file, err := inject.TempFile(os.TempDir())
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(file, testText, to)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

const testText = `To: <%s>
Subject: test of mailchute
Auto-Submitted: auto-generated

This is the test message of mailchute check. Who reads it can stop looking:
mail from this machine arrives.
`

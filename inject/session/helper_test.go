package session

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/relay/reply"
)

// duplex joins what a client says and what it hears.
type duplex struct {
	io.Reader
	io.Writer
}

// delivered is a message as Deliver got it, the text read.
type delivered struct {
	Mail
	text string
}

var noon = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

// options is a host that takes everything and keeps it in got.
func options(t testing.TB, got *[]delivered) Options {
	return Options{
		Name: "mx.example", Now: func() time.Time { return noon }, MaxHold: 72 * time.Hour, RequireTLS: true,
		Spool: func() (*os.File, error) { return spoolIn(t.TempDir()) },
		Deliver: func(_ context.Context, m *Mail) reply.Reply {
			text, err := io.ReadAll(m.Text.Reader())
			if err != nil {
				t.Error(err)
			}
			*got = append(*got, delivered{*m, string(text)})
			return say(250, 2, 0, 0, "taken as ID1")
		},
	}
}

func spoolIn(dir string) (*os.File, error) {
	f, err := os.Create(filepath.Join(dir, "spool"))
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}

// talk says all of input at once and gives what came back.
func talk(o Options, input string) (string, Summary, error) {
	var out bytes.Buffer
	sum, err := Serve(context.Background(), duplex{strings.NewReader(input), &out}, o)
	return out.String(), sum, err
}

// crlf makes a dialogue of a text with Unix line ends.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

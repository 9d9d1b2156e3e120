package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// maxSize is the longest secret in octets, and the most that is read in search
// of the end of its line.
const maxSize = 64 << 10

// fetchTime is how long it may take to fetch a secret.
const fetchTime = 30 * time.Second

// ErrEmpty means that there is a file or a command, and no secret in the place for it.
var ErrEmpty = errors.New("the first line is empty")

// Source says where a secret is to be found. At most one field is set, but for Spare.
type Source struct {
	Text       string // the secret itself
	File       string // path of a file; its first line is the secret
	Command    string // run by /bin/sh -c; the first line that it prints is the secret
	Credential string // name of a file in $CREDENTIALS_DIRECTORY, systemd.exec(5)
	Spare      string // path of the file that a credential is loaded from; read where there is no $CREDENTIALS_DIRECTORY
}

// IsZero tells whether no source was named.
func (s Source) IsZero() bool { return s == Source{} }

// String names the source without the text of a secret.
func (s Source) String() string {
	switch {
	case s.Text != "":
		return mask
	case s.File != "":
		return fmt.Sprintf("file %q", s.File)
	case s.Command != "":
		return "command " + mask // people write tokens into commands
	case s.Credential != "":
		return fmt.Sprintf("credential %q", s.Credential)
	}
	return "none"
}

// Format writes String, whatever the verb.
func (s Source) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText is String.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Read fetches the secret: the text itself, or the first line of the file or of
// what the command prints, without its line end, up to 64 KiB long. It ends with
// ctx, and after half a minute in any case. An empty secret is an error. No error
// holds the secret or what the command printed on its standard output.
func (s Source) Read(ctx context.Context) (Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	switch {
	case s.Text != "":
		return New(s.Text), nil
	case s.File != "":
		return readFile(ctx, s.File)
	case s.Command != "":
		return run(ctx, s.Command)
	case s.Credential != "":
		return s.readCredential(ctx)
	}
	return Secret{}, errors.New("no secret is configured")
}

// readCredential reads what systemd hands to a service. Outside of one, as when an
// administrator runs a command with the service's configuration, it is what systemd
// would hand over.
func (s Source) readCredential(ctx context.Context) (Secret, error) {
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	path, err := credentialPath(dir, s.Credential)
	if err == nil {
		return readFile(ctx, path)
	}
	if dir != "" || s.Spare == "" {
		return Secret{}, err
	}
	switch _, unsafe := Check(s.Spare); {
	case errors.Is(unsafe, fs.ErrNotExist):
		return Secret{}, err
	case unsafe != nil:
		return Secret{}, unsafe
	}
	return readFile(ctx, s.Spare)
}

// credentialPath is where a credential of systemd lies. A name is one path
// element, so it cannot lead out of the directory.
func credentialPath(dir, name string) (string, error) {
	switch {
	case strings.Contains(name, "/") || name == "." || name == "..":
		return "", fmt.Errorf("credential %q is not a plain name", name)
	case !filepath.IsAbs(dir):
		return "", fmt.Errorf("credential %q: CREDENTIALS_DIRECTORY is not set; systemd sets it for a service with LoadCredential=", name)
	}
	return filepath.Join(dir, name), nil
}

// readFile reads the first line of a file. The file is opened without waiting: a
// pipe that nobody writes to is an empty file, one that nobody closes ends with ctx.
func readFile(ctx context.Context, path string) (Secret, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Secret{}, ofFile(path, err)
	}
	defer func() { _ = f.Close() }()
	s, err := firstLineOf(ctx, f)
	if err != nil {
		return Secret{}, ofFile(path, err)
	}
	return s, nil
}

// firstLineOf reads the first line, until ctx ends.
func firstLineOf(ctx context.Context, f *os.File) (Secret, error) {
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Now()) })
	defer stop()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+2))
	if err != nil {
		return Secret{}, err
	}
	return firstLine(text)
}

// firstLine is the secret at the front of text, which may hold two octets more
// than a secret: the line end.
func firstLine(text []byte) (Secret, error) {
	line, _, ended := bytes.Cut(text, []byte("\n"))
	if ended {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	switch {
	case len(line) == 0:
		return Secret{}, ErrEmpty
	case len(line) > maxSize:
		return Secret{}, fmt.Errorf("the first line is longer than %d octets", maxSize)
	}
	return New(string(line)), nil
}

package voice

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// ReadLine reads up to a line end and not an octet further: what follows may be
// for another reader.
func ReadLine(f *os.File) (string, error) {
	const limit = 64 << 10
	var text []byte
	for one := make([]byte, 1); len(text) < limit; {
		n, err := f.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSuffix(string(text), "\r"), nil
		case n == 1:
			text = append(text, one[0])
		case err == io.EOF && len(text) > 0:
			return string(text), nil
		case err != nil:
			return "", err
		}
	}
	return "", errors.New("the line is too long")
}

func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

package reply

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func stream(text string) (lines []string, r Reply, err error) {
	r, err = Stream(bufio.NewReaderSize(strings.NewReader(text), 64), "X", func(line string) error {
		lines = append(lines, line)
		return nil
	})
	return lines, r, err
}

func TestStreamHandsOnTheLinesOfASuccess(t *testing.T) {
	lines, r, err := stream("250-2.0.0 one\r\n250-2.0.0 {\"a\": 1}\r\n250-\r\n250 2.0.0 done\r\nleft")
	if err != nil || !slices.Equal(lines, []string{"one", `{"a": 1}`, ""}) {
		t.Errorf("%q, %v", lines, err)
	}
	if r.Text() != "250 2.0.0 done" || r.Command != "X" {
		t.Errorf("%+v", r)
	}
}

func TestStreamKeepsTheWordsOfARefusal(t *testing.T) {
	lines, r, err := stream("550-5.7.1 no\r\n550 5.7.1 never\r\n")
	if err != nil || lines != nil || r.Text() != "550 5.7.1 no never" {
		t.Errorf("%q, %q, %v", lines, r.Text(), err)
	}
}

func TestStreamTellsWhatIsNoReply(t *testing.T) {
	for text, want := range map[string]error{
		"":                    io.EOF,
		"250":                 io.ErrUnexpectedEOF,
		"250-one\r\n":         io.ErrUnexpectedEOF,
		"250-one\r\nHTTP\r\n": &MalformedError{},
	} {
		_, _, err := stream(text)
		if m := new(MalformedError); !errors.Is(err, want) && !(errors.As(err, &m) && errors.As(want, &m)) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestStreamStopsWhenNobodyWantsMore(t *testing.T) {
	enough := errors.New("enough")
	n := 0
	_, err := Stream(bufio.NewReader(strings.NewReader(strings.Repeat("250-x\r\n", 1000))), "X", func(string) error {
		n++
		return enough
	})
	if err != enough || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
}

func TestStreamCutsALongLineAndGivesUpOnAnEndlessOne(t *testing.T) {
	lines, _, err := stream("250-" + strings.Repeat("x", 1<<20) + "\r\n250 ok\r\n")
	if err != nil || len(lines) != 1 || len(lines[0]) > maxLine {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	if _, _, err := stream("250-" + strings.Repeat("x", maxTotal+1)); err != ErrTooLong {
		t.Error(err)
	}
}

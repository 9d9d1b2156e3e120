package xqueue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/smtp"
	"mailchute/relay/smtp/smtptest"
)

func TestACommandIsReadAsItIsSaid(t *testing.T) {
	for want, c := range map[string]Command{
		"XQUEUE LIST": {Verb: List},
		"XQUEUE LIST FAILED ID=36 FROM=a+20b+2Bc TO=x@y": {Verb: List, Filter: Filter{Failed: true, ID: "36", Sender: "a b+c", Address: "x@y"}},
		"XQUEUE FLUSH TO=+C3+BC":                         {Verb: Flush, Filter: Filter{Address: "ü"}},
		"XQUEUE SHOW 361nsm8qyydrhx":                     {Verb: Show, ID: "361nsm8qyydrhx"},
		"XQUEUE REMOVE a+0D+0AQUIT":                      {Verb: Remove, ID: "a\r\nQUIT"},
	} {
		if got := c.String(); got != want {
			t.Errorf("%+v is said as %q, want %q", c, got, want)
		}
		got, err := Parse(strings.TrimPrefix(want, Keyword))
		if err != nil || got != c {
			t.Errorf("%q is read as %+v, %v", want, got, err)
		}
	}
}

func TestKeywordsAreReadInAnyCase(t *testing.T) {
	c, err := Parse("list failed to=X")
	if want := (Command{Verb: List, Filter: Filter{Failed: true, Address: "X"}}); err != nil || c != want {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWhatIsNoCommandIsRefused(t *testing.T) {
	for _, text := range []string{"", "LOOK", "SHOW", "SHOW a b", "SHOW a=b", "HOLD +4", "LIST x", "LIST ID", "LIST ID=+", "LIST WHO=x", "FLUSH FAILED", "LIST ID==", "LISTFAILED"} {
		if c, err := Parse(text); err == nil {
			t.Errorf("%q is taken as %+v", text, c)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("LIST FAILED ID=x FROM=y TO=z")
	f.Add("SHOW +41")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(strings.TrimPrefix(c.String(), Keyword))
		if c.ID == "" && err != nil {
			return // an empty id is none
		}
		if err != nil || again != c {
			t.Errorf("%q became %+v, then %+v, %v", text, c, again, err)
		}
	})
}

// wired sends lines the way a reply goes: blanks at the ends are lost.
func wired(t *testing.T, to func(string) error) func(string) error {
	return func(text string) error {
		for i := range len(text) {
			if text[i] < ' ' || text[i] > '~' {
				t.Errorf("an octet %#x in a line", text[i])
			}
		}
		if len(text) > 496 {
			t.Errorf("a line of %d octets", len(text))
		}
		return to(strings.Trim(text, " "))
	}
}

func TestAnObjectOfAnyTextComesThrough(t *testing.T) {
	for _, text := range []string{
		"", "plain", strings.Repeat(" ", 2000), strings.Repeat("ab ", 2000), strings.Repeat("+", 1500), strings.Repeat(`\"<&>`, 500),
		"ü\u2028\U0001f600\x00\x1b[31m\u009b", strings.Repeat("\U0001f600", 400), strings.Repeat("}{", 999),
	} {
		var got queue.Summary
		o := objects{found: func(b []byte) error { return json.Unmarshal(b, &got) }}
		if err := WriteObject(queue.Summary{Sender: text}, wired(t, o.line)); err != nil || got.Sender != text {
			t.Errorf("%.20q... became %.20q..., %v", text, got.Sender, err)
		}
	}
}

func FuzzObjectsComeThrough(f *testing.F) {
	f.Add("a  b\u009b", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?")
		var got queue.Summary
		o := objects{found: func(b []byte) error { return json.Unmarshal(b, &got) }}
		if err := WriteObject(queue.Summary{Sender: a, LastError: b}, wired(t, o.line)); err != nil || got.Sender != a || got.LastError != b {
			t.Errorf("%q, %q became %q, %q, %v", a, b, got.Sender, got.LastError, err)
		}
	})
}

func TestATextOfAnyOctetsComesThrough(t *testing.T) {
	for _, n := range []int{0, 1, 359, 360, 361, 5000} {
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(i * 7)
		}
		var got bytes.Buffer
		if err := WriteText(bytes.NewReader(text), wired(t, texts{&got}.line)); err != nil || !bytes.Equal(got.Bytes(), text) {
			t.Errorf("%d octets became %d, %v", n, got.Len(), err)
		}
	}
	bad := errors.New("bad disk")
	if err := WriteText(io.MultiReader(strings.NewReader("x"), broken{bad}), func(string) error { return nil }); err != bad {
		t.Error(err)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// server speaks at a socket: it announces what it is told to, and has a reply for each
// command.
func server(t *testing.T, ehlo string, replies map[string]string) string {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	s := smtptest.New("EHLO => " + ehlo + "\nXQUEUE => 500 5.5.1 what is that")
	for _, command := range slices.Sorted(maps.Keys(replies)) { // the longer ones end up in front
		s.Say(command, strings.TrimSuffix(replies[command], "\r\n"))
	}
	s.Serve(l)
	t.Cleanup(s.Close)
	return s.Addr()
}

const offered = "XQUEUE"

func dial(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), path, smtp.Options{Timeouts: smtp.Timeouts{Mail: 10 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestTheClientReadsWhatTheServerHolds(t *testing.T) {
	c := dial(t, server(t, offered, map[string]string{
		"XQUEUE LIST TO=b": "250-2.0.0 {\"id\":\"1\",\"sender\":\"a+\r\n250-2.0.0 @x\"}\r\n250-2.0.0 {\"id\":\"2\"}\r\n250 2.0.0 2 messages\r\n",
		"XQUEUE LIST":      "250 2.0.0 0 messages\r\n",
		"XQUEUE SHOW 1":    "250-2.0.0 {\"id\":\"1\",\"size\":7}\r\n250 2.0.0 ok\r\n",
		"XQUEUE READ 1":    "250-2.0.0 YWI=\r\n250-2.0.0 Yw==\r\n250 2.0.0 ok\r\n",
		"XQUEUE FLUSH":     "250-2.0.0 {\"asked\":3}\r\n250 2.0.0 ok\r\n",
		"XQUEUE HOLD 1":    "250 2.0.0 done\r\n",
	}))
	var ids []string
	each := func(s queue.Summary) error {
		ids = append(ids, s.ID+" "+s.Sender)
		return nil
	}
	if err := c.List(t.Context(), Filter{Address: "b"}, each); err != nil || strings.Join(ids, ",") != "1 a@x,2 " {
		t.Errorf("%q, %v", ids, err)
	}
	if err := c.List(t.Context(), Filter{}, each); err != nil || len(ids) != 2 {
		t.Errorf("%q, %v", ids, err)
	}
	if s, err := c.Show(t.Context(), "1"); err != nil || s.Size != 7 || s.Recipients == nil {
		t.Errorf("%+v, %v", s, err)
	}
	var text strings.Builder
	if err := c.Read(t.Context(), "1", &text); err != nil || text.String() != "abc" {
		t.Errorf("%q, %v", text.String(), err)
	}
	if a, err := c.Flush(t.Context(), Filter{}); err != nil || a.Messages != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	if err := c.Do(t.Context(), Hold, "1"); err != nil {
		t.Error(err)
	}
}

func TestTheClientTellsRefusalsApart(t *testing.T) {
	c := dial(t, server(t, offered, map[string]string{
		"XQUEUE HOLD 1": "550 5.5.4 no such message\r\n",
		"XQUEUE HOLD 2": "450 4.2.1 busy\r\n",
		"XQUEUE HOLD 3": "451 4.3.0 trouble\r\n",
		"XQUEUE HOLD 5": "554 5.5.0 held\r\n",
		"XQUEUE HOLD 6": "450 4.7.1 asked for a moment ago\r\n",
	}))
	for id, want := range map[string]string{"5": queue.ErrHeld.Error(), "6": "450 4.7.1 asked for a moment ago", "1": queue.ErrGone.Error(), "2": queue.ErrBusy.Error(), "3": "451 4.3.0 trouble", "4": "500 5.5.1 what is that"} {
		if err := c.Do(t.Context(), Hold, id); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", id, err, want)
		}
	}
}

func TestAServerWithoutTheExtensionIsTold(t *testing.T) {
	for _, ehlo := range []string{"PIPELINING", "500 what"} {
		_, err := Dial(t.Context(), server(t, ehlo, map[string]string{"HELO [127.0.0.1]": "250 x\r\n"}), smtp.Options{})
		if !errors.Is(err, ErrNotOffered) {
			t.Errorf("%q: %v", ehlo, err)
		}
	}
}

func TestAHostileServerGetsNoFurtherThanAnError(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":               "250-2.0.0 hello\r\n250 ok\r\n",
		"another type":          "250-2.0.0 [1]\r\n250 ok\r\n",
		"another type inside":   "250-2.0.0 {\"id\":{}}\r\n250 ok\r\n",
		"an object cut short":   "250-2.0.0 {\"id\":\r\n250 ok\r\n",
		"an object without end": "250-2.0.0 {\"id\":+\r\n250 ok\r\n",
		"another protocol":      "HTTP/1.1 200 OK\r\n",
		"more is asked for":     "354 go on\r\n",
		"goodbye":               "421 4.3.2 bye\r\n",
		"an object that grows":  strings.Repeat("250-2.0.0 "+strings.Repeat("x", 8000)+"+\r\n", maxObject/8000+2),
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, server(t, offered, map[string]string{"XQUEUE LIST": text, "XQUEUE READ 1": text}))
			if err := c.List(context.Background(), Filter{}, func(queue.Summary) error { return nil }); err == nil {
				t.Error("the list is taken")
			}
		})
	}
	c := dial(t, server(t, offered, map[string]string{"XQUEUE READ 1": "250-2.0.0 ?\r\n250 ok\r\n"}))
	if err := c.Read(t.Context(), "1", io.Discard); err != ErrMalformed {
		t.Error(err)
	}
	c = dial(t, server(t, offered, map[string]string{"XQUEUE SHOW 1": "250 ok\r\n"}))
	if _, err := c.Show(t.Context(), "1"); err != ErrMalformed {
		t.Error(err)
	}
}

package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailchute/relay/reply"
	"mailchute/relay/secret"
)

// A dialogue in testdata/dialogue is played to its end, by a connection that
// takes each write for a flight.
//
//	# words for the reader
//	> connect hello=me.example          a call; more of them below, in order
//	S: 220 mx.example                   what the server says
//	C: EHLO me.example                  what the client says; adjoining lines are one write
//	--                                  parts two writes
//	S! close                            or reset, timeout
//	= ok                                what came of the call
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("../../testdata/dialogue/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, string(text))
		})
	}
}

// call is one call of the client with its part of the dialogue.
type call struct {
	words  []string
	script []string
	want   []string
}

func parseDialogue(t *testing.T, text string) (calls []call) {
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		switch {
		case mark == ">":
			calls = append(calls, call{words: strings.Fields(rest)})
			continue
		case mark == "" || mark == "#":
			continue
		case len(calls) == 0:
			t.Fatalf("line %d stands before the first call", n+1)
		}
		c := &calls[len(calls)-1]
		switch mark {
		case "=":
			c.want = append(c.want, rest)
		case "C:", "S:", "S!", "--":
			c.script = append(c.script, line)
		default:
			t.Fatalf("line %d is not understood: %q", n+1, line)
		}
	}
	return calls
}

func play(t *testing.T, text string) {
	var c *Conn
	var peer *player
	calls := parseDialogue(t, text)
	transactions := make([]*Transaction, len(calls)+1)
	for i, call := range calls {
		if call.words[0] == "send" {
			transactions[i] = sendWords(call.words[1:])
		}
	}
	for i, call := range calls {
		if call.words[0] == "connect" {
			peer = &player{t: t}
		}
		peer.script = call.script
		var got []string
		switch call.words[0] {
		case "connect":
			var err error
			endpoint, options := connectWords(t, call.words[1:])
			options.Dial = func(context.Context, string, string) (net.Conn, error) { return peer, nil }
			c, err = Connect(t.Context(), endpoint, options)
			got = outcome(err)
		case "login":
			got = outcome(c.Login(t.Context()))
		case "send":
			transaction := transactions[i]
			if slices.Contains(call.words, "next") {
				transaction.Next = func(Result) *Transaction { return transactions[i+1] }
			}
			got = resultLines(transaction, c.Send(t.Context(), transaction))
		case "close":
			got = outcome(c.Close())
		default:
			t.Fatalf("no such call: %q", call.words)
		}
		if c != nil && call.words[0] != "close" && !c.Usable() {
			got = append(got, "not usable")
		}
		if g, w := strings.Join(got, "\n"), strings.Join(call.want, "\n"); g != w {
			t.Errorf("> %s\ngot:\n%s\nwant:\n%s", strings.Join(call.words, " "), g, w)
		}
		if len(peer.script) > 0 {
			t.Fatalf("> %s: the client came to its end before: %q", strings.Join(call.words, " "), peer.script)
		}
	}
}

func connectWords(t *testing.T, words []string) (Endpoint, Options) {
	e := Endpoint{Network: "tcp", Address: "127.0.0.1:587", Host: "mx.example"}
	o := Options{Hello: "me.example"}
	for _, w := range words {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "hello":
			o.Hello = value
		case "far":
			e.Address = "192.0.2.1:587"
		case "starttls":
			e.Security = StartTLS
		case "opportunistic":
			e.Security = Opportunistic
		case "nopipelining":
			o.NoPipelining = true
		case "user":
			o.Login = &Login{User: value, Secret: func(context.Context) (secret.Secret, error) { return secret.New("hunter22"), nil }}
		case "nopassword":
			o.Login.Secret = nil
		case "renew": // to another token, or why there is none
			o.Login.Renew = func(_ context.Context, refused secret.Secret) (secret.Secret, error) {
				switch {
				case refused.Reveal() != "hunter22":
					t.Errorf("renews %q", refused.Reveal())
				case value == "never":
					return secret.Secret{}, errors.New("taken back")
				case value == "later":
					return secret.Secret{}, passing{errors.New("no network")}
				}
				return secret.New(value), nil
			}
		case "later": // there is no secret now
			o.Login.Secret = func(context.Context) (secret.Secret, error) {
				return secret.Secret{}, passing{errors.New("no network")}
			}
		case "auth":
			o.Login.Mechanisms = strings.Split(value, ",")
		default:
			t.Fatalf("connect: %q", w)
		}
	}
	return e, o
}

// passing is trouble that may pass.
type passing struct{ error }

func (passing) Temporary() bool { return true }

func sendWords(words []string) *Transaction {
	tr := &Transaction{Sender: "me@a.example", Content: text("Subject: hi\r\n\r\n.dot\r\n")}
	for _, w := range words {
		switch key, value, _ := strings.Cut(w, "="); key {
		case "last":
			tr.Last = true
		case "next": // the next call's; with a value one that will not be sent
			tr.Next = func(Result) *Transaction { return sendWords([]string{value}) }
		case "unknown":
			tr.Content = unknown{tr.Content}
		case "binary":
			tr.Binary = true
		case "from":
			tr.Sender = value
		case "with":
			tr.Parameters = strings.Split(value, ",")
		default:
			path, parameter, ok := strings.Cut(w, "+")
			r := Recipient{Path: strings.ReplaceAll(path, `\r`, "\r")}
			if ok {
				r.Parameters = []string{parameter}
			}
			tr.Recipients = append(tr.Recipients, r)
		}
	}
	return tr
}

func outcome(err error) []string {
	var e *Error
	switch {
	case err == nil:
		return []string{"ok"}
	case !errors.As(err, &e):
		return []string{err.Error()}
	}
	flags := ""
	for name, set := range map[string]bool{" local": e.Local, " pipelined": e.Pipelined, " protocol": e.Protocol, " timeout": e.Timeout} {
		if set {
			flags += name // one at most in the dialogues, but for " pipelined"
		}
	}
	if e.Protocol && e.Pipelined {
		flags = " pipelined protocol"
	} else if e.Timeout && e.Pipelined {
		flags = " pipelined timeout"
	}
	return []string{fmt.Sprintf("error %s%s: %v", e.Phase, flags, err)}
}

func resultLines(tr *Transaction, r Result) (lines []string) {
	add := func(name string, rep *reply.Reply) {
		if rep != nil {
			lines = append(lines, name+": "+rep.Text())
		}
	}
	add("MAIL", r.Mail)
	for i, rep := range r.Recipients {
		add(tr.Recipients[i].Path, rep)
	}
	add("DATA", r.Data)
	add("final", r.Final)
	if r.Err != nil {
		lines = append(lines, outcome(r.Err)...)
	}
	return lines
}

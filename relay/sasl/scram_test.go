package sasl

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	peer "github.com/xdg-go/scram"
)

// withNonce makes a SCRAM login with the nonce of an example.
func withNonce(t *testing.T, name, nonce string, c Credentials) *scram {
	t.Helper()
	s, err := newSCRAM(name, c)
	if err != nil {
		t.Fatal(err)
	}
	s.nonce = nonce
	return s
}

func TestSCRAMOfTheRFCs(t *testing.T) {
	tests := []struct {
		clause, mechanism, nonce                               string
		clientFirst, serverFirst, clientFinal, serverFinalWord string
	}{
		{"RFC 5802 section 5", "SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL",
			"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{"RFC 7677 section 3", "SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO",
			"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	}
	for _, tt := range tests {
		t.Run(tt.clause, func(t *testing.T) {
			s := withNonce(t, tt.mechanism, tt.nonce, Credentials{User: "user", Secret: "pencil"})
			name, first, err := s.Start()
			if name != tt.mechanism || string(first) != tt.clientFirst || err != nil {
				t.Fatalf("first message %s %q, %v", name, first, err)
			}
			final, err := s.Next([]byte(tt.serverFirst))
			if string(final) != tt.clientFinal || err != nil {
				t.Fatalf("final message %q, %v", final, err)
			}
			if Finish(s) == nil {
				t.Error("success is believed before the server has proved itself")
			}
			end, err := s.Next([]byte(tt.serverFinalWord))
			if end == nil || len(end) != 0 || err != nil {
				t.Errorf("last response %q, %v", end, err)
			}
			if err := Finish(s); err != nil {
				t.Error(err)
			}
			if _, err := s.Next(nil); err == nil {
				t.Error("a challenge after the end was answered")
			}
		})
	}
}

func TestSCRAMStopsWhenTheServerIsWrong(t *testing.T) {
	const good = "r=NONCE+server,s=QSXCR+Q6sek8bf92,i=4096"
	tests := []struct {
		name, first, final string
		err                string
	}{
		{"another nonce", "r=XONCE+server,s=QSXCR+Q6sek8bf92,i=4096", "", "its nonce does not begin with ours"},
		{"our nonce given back", "r=NONCE,s=QSXCR+Q6sek8bf92,i=4096", "", "its nonce does not begin with ours"},
		{"an extension we must know", "m=x,r=NONCE+server,s=QSXCR+Q6sek8bf92,i=4096", "", "malformed first message"},
		{"fields in another order", "s=QSXCR+Q6sek8bf92,r=NONCE+server,i=4096", "", "malformed first message"},
		{"an error instead of a message", "e=other-error", "", "malformed first message"},
		{"nothing at all", "", "", "malformed first message"},
		{"a salt that is not base64", "r=NONCE+server,s=!,i=4096", "", "malformed salt"},
		{"no salt", "r=NONCE+server,s=,i=4096", "", "malformed salt"},
		{"too few iterations", "r=NONCE+server,s=QSXCR+Q6sek8bf92,i=1", "", `iteration count "1" of the server is not between`},
		{"iterations for hours", "r=NONCE+server,s=QSXCR+Q6sek8bf92,i=2000000000", "", "iteration count"},
		{"a count that is a story", "r=NONCE+server,s=QSXCR+Q6sek8bf92,i=" + strings.Repeat("\x1b", 9000), "", "iteration count"},
		{"a wrong signature", good, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "its signature is wrong"},
		{"an empty signature", good, "v=", "its signature is wrong"},
		{"a refusal", good, "e=invalid-proof\n", `refuses the proof: "invalid-proof\n"`},
		{"no signature", good, "", "malformed last message"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withNonce(t, "SCRAM-SHA-1", "NONCE", Credentials{User: "user", Secret: "pencil"})
			if _, _, err := s.Start(); err != nil {
				t.Fatal(err)
			}
			_, err := s.Next([]byte(tt.first))
			if tt.first == good {
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Next([]byte(tt.final))
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) || len(err.Error()) > 400 {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if strings.ContainsFunc(err.Error(), isControl) {
				t.Errorf("control character in %q", err)
			}
			if Finish(s) == nil {
				t.Error("success is believed all the same")
			}
			if _, err := s.Next([]byte(good)); err == nil {
				t.Error("the login goes on")
			}
		})
	}
}

// server is xdg-go's SCRAM server for one account.
func server(t *testing.T, mechanism, user, password string) *peer.Server {
	t.Helper()
	generate := peer.SHA1
	if strings.HasPrefix(mechanism, "SCRAM-SHA-256") {
		generate = peer.SHA256
	}
	account, err := generate.NewClient(user, password, "")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := account.GetStoredCredentialsWithError(peer.KeyFactors{Salt: "salt", Iters: 4096})
	if err != nil {
		t.Fatal(err)
	}
	s, err := generate.NewServer(func(name string) (peer.StoredCredentials, error) {
		if name != user {
			return peer.StoredCredentials{}, fmt.Errorf("no account %q", name)
		}
		return stored, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// converse runs one login to its end and gives the server's error and ours.
func converse(m Mechanism, conv *peer.ServerConversation) (theirs, ours error) {
	_, response, err := m.Start()
	for err == nil && !conv.Done() {
		var challenge string
		if challenge, theirs = conv.Step(string(response)); theirs != nil {
			return theirs, Finish(m)
		}
		response, err = m.Next([]byte(challenge))
	}
	if err == nil {
		err = Finish(m)
	}
	return theirs, err
}

func TestServersOfXDGUnderstandSCRAM(t *testing.T) {
	for _, mechanism := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256"} {
		for _, account := range [][2]string{{"user", "pencil"}, {"a=b,c@example.org", "p,=n"}, {"jörg", "s3cret pä$$"}, {"u", "Ⅸ\u00a0\u00ade\u0301"}} {
			conv := server(t, mechanism, account[0], account[1]).NewConversation()
			m, err := New(mechanism, Credentials{User: account[0], Secret: account[1]})
			if err != nil {
				t.Fatal(err)
			}
			theirs, ours := converse(m, conv)
			if theirs != nil || ours != nil || !conv.Valid() {
				t.Errorf("%s %q: server says %v, we say %v", mechanism, account, theirs, ours)
			}
		}
	}
}

func TestAWrongPasswordFails(t *testing.T) {
	conv := server(t, "SCRAM-SHA-256", "user", "pencil").NewConversation()
	m, err := New("SCRAM-SHA-256", Credentials{User: "user", Secret: "pen"})
	if err != nil {
		t.Fatal(err)
	}
	if theirs, ours := converse(m, conv); theirs == nil || ours == nil {
		t.Errorf("server says %v, we say %v", theirs, ours)
	}
}

func TestPrepare(t *testing.T) {
	tests := []struct{ name, in, want string }{
		// The examples of RFC 4013 section 3.
		{"a soft hyphen goes", "I\u00adX", "IX"},
		{"nothing to do", "user", "user"},
		{"case stays", "USER", "USER"},
		{"compatibility characters", "\u00aa", "a"},
		{"a roman numeral", "\u2168", "IX"},

		{"foreign blanks", "a\u00a0b\u3000c\u200bd", "a b c d"},
		{"composed and not are the same", "e\u0301", "\u00e9"},
		{"what is not UTF-8 stays", "p\xe4ss\u00a0", "p\xe4ss\u00a0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := prepare(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("prepare(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
		})
	}
	if got, err := prepare("\u0007"); err == nil {
		t.Errorf("a control character is prepared as %q", got)
	}
}

// What a server says must never crash a login, and never succeed by chance.
func FuzzChallenges(f *testing.F) {
	f.Add("r=NONCE+server,s=QSXCR+Q6sek8bf92,i=4096", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
	f.Add("r=NONCE", "e=x")
	f.Add("Username:", "Password:")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.Contains(first, ",i=") && !strings.Contains(first, ",i=4096") {
			return // the work of a large count would only slow the search down
		}
		for _, name := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "XOAUTH2", "EXTERNAL", "ANONYMOUS"} {
			m, err := New(name, Credentials{User: "user", Secret: "pencil"})
			if err != nil {
				t.Fatal(err)
			}
			answered := 0
			for _, challenge := range []string{first, second, first} {
				if _, err := m.Next([]byte(challenge)); err == nil {
					answered++
				}
			}
			if answered > 2 {
				t.Errorf("%s answers without end", name)
			}
		}
		s, err := newSCRAM("SCRAM-SHA-1", Credentials{User: "user", Secret: "pencil"})
		if err != nil {
			t.Fatal(err)
		}
		s.nonce = "NONCE"
		_, _, _ = s.Start()
		for _, challenge := range []string{first, second} {
			if _, err := s.Next([]byte(challenge)); err != nil && (strings.ContainsFunc(err.Error(), isControl) || !utf8.ValidString(err.Error())) {
				t.Errorf("error %q", err)
			}
		}
		if Finish(s) == nil {
			t.Errorf("%q, %q is believed", first, second)
		}
	})
}

package sasl_test

import (
	"encoding/base64"
	"strings"
	"testing"

	peer "github.com/emersion/go-sasl"

	"mailchute/relay/sasl"
)

func mustNew(t *testing.T, name string, c sasl.Credentials) sasl.Mechanism {
	t.Helper()
	m, err := sasl.New(name, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// initial starts m and wants it to bear its canonical name.
func initial(t *testing.T, m sasl.Mechanism, name string) []byte {
	t.Helper()
	got, ir, err := m.Start()
	if err != nil || got != name {
		t.Fatalf("Start() = %q, %v; want %q", got, err, name)
	}
	return ir
}

func TestInitialResponses(t *testing.T) {
	tests := []struct {
		mechanism string
		c         sasl.Credentials
		want      string
	}{
		{"PLAIN", sasl.Credentials{User: "tim", Secret: "tanstaaftanstaaf"}, "\x00tim\x00tanstaaftanstaaf"},
		{"PLAIN", sasl.Credentials{User: "jörg", Secret: "s3cret pä$$"}, "\x00jörg\x00s3cret pä$$"},
		{"EXTERNAL", sasl.Credentials{}, ""},
		{"EXTERNAL", sasl.Credentials{User: "alerts"}, "alerts"},
		{"ANONYMOUS", sasl.Credentials{User: "trace"}, "trace"},
		{"OAUTHBEARER", sasl.Credentials{User: "a=b,c@example.org", Secret: "vF9dft4qmT=="}, "n,a=a=3Db=2Cc@example.org,\x01auth=Bearer vF9dft4qmT==\x01\x01"},
		{"OAUTHBEARER", sasl.Credentials{Secret: "token"}, "n,,\x01auth=Bearer token\x01\x01"},
		{"XOAUTH2", sasl.Credentials{User: "someuser@example.com", Secret: "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"},
			decode(t, "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==")},
	}
	for _, tt := range tests {
		got := initial(t, mustNew(t, strings.ToLower(tt.mechanism), tt.c), tt.mechanism)
		if got == nil || string(got) != tt.want {
			t.Errorf("%s: initial response %q, want %q", tt.mechanism, got, tt.want)
		}
	}
}

func TestMechanismsWithoutAnInitialResponse(t *testing.T) {
	for _, name := range []string{"LOGIN", "CRAM-MD5"} {
		if ir := initial(t, mustNew(t, name, sasl.Credentials{User: "u", Secret: "p"}), name); ir != nil {
			t.Errorf("%s: initial response %q", name, ir)
		}
	}
}

// RFC 2195 section 2 has the example.
func TestCRAMMD5OfTheRFC(t *testing.T) {
	m := mustNew(t, "CRAM-MD5", sasl.Credentials{User: "tim", Secret: "tanstaaftanstaaf"})
	got, err := m.Next([]byte("<1896.697170952@postoffice.reston.mci.net>"))
	if err != nil || string(got) != "tim b913a602c7eda7a495b4e6e7334d3890" {
		t.Errorf("response %q, %v", got, err)
	}
	if _, err := m.Next([]byte("<2@x>")); err == nil {
		t.Error("a second challenge was answered")
	}
	if got, err := mustNew(t, "CRAM-MD5", sasl.Credentials{User: "u", Secret: "p"}).Next(nil); err == nil {
		t.Errorf("an empty challenge was answered with %q", got)
	}
}

func TestLOGINAnswersByOrder(t *testing.T) {
	for _, questions := range [][2]string{{"Username:", "Password:"}, {"User Name\x00", "Password\x00"}, {"", ""}} {
		m := mustNew(t, "LOGIN", sasl.Credentials{User: "u", Secret: "p"})
		user, err1 := m.Next([]byte(questions[0]))
		password, err2 := m.Next([]byte(questions[1]))
		if string(user) != "u" || string(password) != "p" || err1 != nil || err2 != nil {
			t.Errorf("%q: %q %v, %q %v", questions, user, err1, password, err2)
		}
		if third, err := m.Next(nil); err == nil {
			t.Errorf("a third question was answered with %q", third)
		}
	}
}

// A login refused by go-sasl's server must be dismissed as it wants, and the
// one it accepts must be understood as it was meant.
func TestServersOfGoSASLUnderstandUs(t *testing.T) {
	c := sasl.Credentials{User: "jörg@example.org", Secret: "s3cret pä$$"}
	var user, password string
	servers := map[string]peer.Server{
		"PLAIN": peer.NewPlainServer(func(_, u, p string) error { user, password = u, p; return nil }),
		"OAUTHBEARER": peer.NewOAuthBearerServer(func(o peer.OAuthBearerOptions) *peer.OAuthBearerError {
			user, password = o.Username, o.Token
			return nil
		}),
		"EXTERNAL":  peer.NewExternalServer(func(identity string) error { user, password = identity, c.Secret; return nil }),
		"ANONYMOUS": peer.NewAnonymousServer(func(trace string) error { user, password = trace, c.Secret; return nil }),
	}
	for name, server := range servers {
		user, password = "", ""
		m := mustNew(t, name, c)
		_, done, err := server.Next(initial(t, m, name))
		if err != nil || !done || user != c.User || password != c.Secret {
			t.Errorf("%s: done %t, user %q, password %q, %v", name, done, user, password, err)
		}
		if err := sasl.Finish(m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARefusedTokenIsDismissed(t *testing.T) {
	server := peer.NewOAuthBearerServer(func(peer.OAuthBearerOptions) *peer.OAuthBearerError {
		return &peer.OAuthBearerError{Status: "invalid_token"}
	})
	m := mustNew(t, "OAUTHBEARER", sasl.Credentials{User: "u", Secret: "old"})
	challenge, done, err := server.Next(initial(t, m, "OAUTHBEARER"))
	if err != nil || done || !strings.Contains(string(challenge), "invalid_token") {
		t.Fatalf("challenge %q, done %t, %v", challenge, done, err)
	}
	dismissal, err := m.Next(challenge)
	if err != nil || string(dismissal) != "\x01" {
		t.Fatalf("dismissal %q, %v", dismissal, err)
	}
	if _, done, err := server.Next(dismissal); err == nil || !done {
		t.Error("the server does not take the dismissal")
	}
	if _, err := m.Next(challenge); err == nil {
		t.Error("a second challenge was answered")
	}

	x := mustNew(t, "XOAUTH2", sasl.Credentials{User: "u", Secret: "old"})
	if got, err := x.Next([]byte(`{"status":"400"}`)); err != nil || got == nil || len(got) != 0 {
		t.Errorf("XOAUTH2: dismissal %q, %v; want an empty one", got, err)
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name      string
		mechanism string
		c         sasl.Credentials
		err       string
	}{
		{"a mechanism nobody knows", "NTLM\n", sasl.Credentials{User: "u", Secret: "hidden"}, `unknown SASL mechanism "NTLM\n"`},
		{"a password with a NUL", "PLAIN", sasl.Credentials{User: "u", Secret: "hid\x00den"}, "PLAIN: the password holds a NUL"},
		{"a token with a field end", "XOAUTH2", sasl.Credentials{User: "u", Secret: "hid\x01den"}, "XOAUTH2: the token holds a control character"},
		{"a user name with a NUL", "PLAIN", sasl.Credentials{User: "u\x00v", Secret: "hidden"}, "PLAIN: the user name holds a control character"},
		{"no user name", "LOGIN", sasl.Credentials{Secret: "hidden"}, "LOGIN: no user name"},
		{"no password", "SCRAM-SHA-256", sasl.Credentials{User: "u"}, "SCRAM-SHA-256: no password"},
		{"nothing to bind to", "SCRAM-SHA-256-PLUS", sasl.Credentials{User: "u", Secret: "hidden"}, "SCRAM-SHA-256-PLUS: there is no TLS connection to bind to"},
		{"a password that SASLprep forbids", "SCRAM-SHA-1", sasl.Credentials{User: "u", Secret: "hid\x07den"}, "SCRAM-SHA-1: user name or password holds a control character"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if m, err := sasl.New(tt.mechanism, tt.c); err == nil || err.Error() != tt.err || m != nil {
				t.Errorf("got %v, error %v, want %s", m, err, tt.err)
			}
		})
	}
}

func TestOffered(t *testing.T) {
	all := "LOGIN plain CRAM-MD5 scram-sha-256 SCRAM-SHA-256-PLUS SCRAM-SHA-1 SCRAM-SHA-1-PLUS XOAUTH2 OAUTHBEARER EXTERNAL ANONYMOUS NTLM GSSAPI"
	tests := []struct {
		name          string
		offer, wanted string // wanted "auto" is nil
		tls, secret   bool
		want          string
	}{
		{"over TLS the strongest first", all, "auto", true, true, "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5"},
		{"without TLS the password stays unseen if it can", all, "auto", false, true, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"},
		{"only what is offered", "GSSAPI LOGIN", "auto", true, true, "LOGIN"},
		{"an empty offer", "", "auto", true, true, ""},
		{"wanted keeps its order", all, "login XOAUTH2 plain login", true, true, "LOGIN XOAUTH2 PLAIN"},
		{"wanted and not offered", "PLAIN", "SCRAM-SHA-256 PLAIN", true, true, "PLAIN"},
		{"wanted nothing", all, "", true, true, ""},
		{"no binding without TLS", all, "SCRAM-SHA-256-PLUS SCRAM-SHA-256", false, true, "SCRAM-SHA-256"},
		{"what cannot be made is not tried", all, "GSSAPI NTLM EXTERNAL", true, true, "EXTERNAL"},
		{"without a secret", all, "PLAIN EXTERNAL ANONYMOUS", true, false, "EXTERNAL ANONYMOUS"},
		{"auto without a secret", all, "auto", true, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wanted := strings.Fields(tt.wanted)
			if tt.wanted == "auto" {
				wanted = nil
			}
			got := sasl.Offered(strings.Fields(tt.offer), wanted, tt.tls, tt.secret)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEveryNameCanBeMadeButThoseThatBind(t *testing.T) {
	for _, name := range sasl.Names() {
		_, err := sasl.New(name, sasl.Credentials{User: "u", Secret: "p"})
		if (err == nil) == strings.HasSuffix(name, "-PLUS") {
			t.Errorf("%s: %v", name, err)
		}
		if !sasl.Known(strings.ToLower(name)) {
			t.Errorf("%s is not known in lower case", name)
		}
	}
}

func TestInitialAlone(t *testing.T) {
	for _, name := range sasl.Names() {
		if got, want := sasl.InitialAlone(name), name == "PLAIN" || name == "EXTERNAL"; got != want {
			t.Errorf("InitialAlone(%s) = %t", name, got)
		}
	}
}

func decode(t *testing.T, s string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

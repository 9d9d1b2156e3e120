package serve

import (
	"bufio"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/session"
)

func TestMailGoesByTheAccountOfWhatCounts(t *testing.T) {
	s := serveWith(t, "", `users.loopback = ["*@work.example"]
users.backup = ["backup@work.example"]
[account.work]
match = ["*@work.example"]
[account.box]
match = ["eve@box.example"]
`)
	now := s.server.live.Load()
	user := func(login string) client { return client{host.User{UID: 7, Login: login}, true} }
	for _, c := range []struct {
		name       string
		client     client
		from, head string
		account    string
	}{
		{"MAIL FROM of loopback", client{}, "a@work.example", "From: someone@other.example\n", "work"},
		{"and without a From", client{}, "a@work.example", "", "work"},
		{"MAIL FROM that serve.users allows", user("backup"), "backup@work.example", "From: someone@other.example\n", "work"},
		{"the null sender of him, so From", user("backup"), "", "From: me@work.example\n", "work"},
		{"MAIL FROM of root", client{host.User{Login: "root"}, true}, "x@work.example", "", "work"},
		{"MAIL FROM that does not count, so From", user("eve"), "a@work.example", "From: eve@box.example\n", "box"},
		{"nothing that fits", user("eve"), "a@work.example", "From: someone@other.example\n", ""},
	} {
		sender, err := address.Parse(c.from)
		servetest.NoError(t, err)
		h, err := headers.Read(bufio.NewReader(strings.NewReader(c.head)))
		servetest.NoError(t, err)
		_, w, err := now.who(c.client, serveRules(&now.Config.Default).Identity)
		servetest.NoError(t, err)
		m := &session.Mail{Transaction: inject.Transaction{Sender: sender}}
		got, err := now.accountFor(c.client, m, &inject.Input{Header: h}, w)
		if err != nil || got.Name != c.account {
			t.Errorf("%s: account %q, %v; want %q", c.name, got.Name, err, c.account)
		}
	}
}

func TestWhatLoopbackSaysIsNoTemplate(t *testing.T) {
	s := serveWith(t, "", `users.loopback = ["*"]`)
	for i, from := range []string{"none", "{host}@example.org", "{user}@example.org", "{domain}"} {
		servetest.NoError(t, servetest.Submit(s.Dial("tcp", s.Port), from, "b@example.org", "From: boss@example.org\n\nx\n"))
		want := from
		if !strings.Contains(want, "@") {
			want += "@box.example"
		}
		got := s.Arrive(i + 1)[i]
		if !strings.HasPrefix(got.Envelope[0], "MAIL FROM:<"+want+">") || !strings.Contains(got.Text, "Sender: "+want+"\r\n") {
			t.Errorf("%s: %q\n%s", from, got.Envelope, got.Text)
		}
	}
}

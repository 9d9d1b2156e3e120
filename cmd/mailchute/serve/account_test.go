package serve

import (
	"bufio"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/inject/session"
)

func TestMailGoesByTheAccountOfWhatCounts(t *testing.T) {
	s := atRest(t, "", `users.loopback = ["*@work.example"]
users.backup = ["backup@work.example"]
[account.work]
match = ["*@work.example"]
[account.box]
match = ["eve@box.example"]
`)
	now := s.server.live.Load()
	user := func(login string) client { return client{User: host.User{UID: 7, Login: login}, known: true} }
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
		{"MAIL FROM of root", client{User: host.User{Login: "root"}, known: true}, "x@work.example", "", "work"},
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

func TestNobodyHasAnIdentityOnlyInWords(t *testing.T) {
	unknown := inject.World{Login: "me", ShortName: "box"}
	for _, c := range []struct {
		name, text string
		world      inject.World
		want       string
	}{
		{"a domain is configured", `identity.domain = "box.example"`, unknown, ""},
		{"the host has a name", ``, inject.World{Login: "me", Hostname: "box.example"}, ""},
		{"there is a mailname", ``, inject.World{Login: "me", MailName: "box.example"}, ""},
		{"an address of its own", `identity.address = "alerts@box.example"`, unknown, ""},
		{"none in words", `identity.address = "none"`, unknown, ""},
		{"nothing", ``, unknown, "set identity.domain"},
		{"a template that cannot be filled in", `identity.address = "me@{host}"`, unknown, "set identity.hostname"},
		{"one account without", "identity.address = \"none\"\n[account.work]\nidentity.address = \"\"", unknown, "set identity.domain"},
	} {
		conf, _, err := config.Parse("serve.toml", []byte("smarthost = \"mail.example\"\n"+c.text+"\n"))
		servetest.NoError(t, err)
		err = checkIdentities(conf, c.world)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || exit.OfError(err) != exit.Config) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

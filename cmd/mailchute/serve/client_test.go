package serve

import (
	"testing"

	"mailchute/cmd/mailchute/host"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
)

func TestWhoseMailFromCounts(t *testing.T) {
	users := map[string][]string{"backup": {"backup@example.org", "*@backup.example"}, loopback: {"*@example.org"}}
	user := func(uid int, login string) client {
		return client{User: host.User{UID: uid, Login: login}, known: true}
	}
	own := address.Addr{Local: "backup", Domain: "box.example"}
	for _, c := range []struct {
		name    string
		client  client
		sender  string
		trusted bool
		want    verdict
	}{
		{"root may use any", user(0, "root"), "any@where.example", false, counts},
		{"a user who is not named is not believed", user(7, "eve"), "boss@example.org", false, ignored},
		{"unless identity.trusted names him", user(7, "eve"), "boss@example.org", true, counts},
		{"nor is his null sender", user(7, "eve"), "", false, ignored},
		{"a user who is named may use what he is given", user(8, "backup"), "x@backup.example", false, counts},
		{"a bare name is qualified first", user(8, "backup"), "x", false, refused},
		{"his own address is his", user(8, "backup"), "backup@box.example", false, ignored},
		{"and nothing else", user(8, "backup"), "boss@example.org", false, refused},
		{"even when he is trusted otherwise", user(8, "backup"), "boss@example.org", true, refused},
		{"his null sender is not believed", user(8, "backup"), "", false, ignored},
		{"loopback may use what it is given", client{}, "a@example.org", false, counts},
		{"and nothing else there", client{}, "a@box.example", true, refused},
		{"a user called as loopback is, is a user with its rules", user(9, loopback), "a@box.example", false, refused},
	} {
		sender, err := address.Parse(c.sender)
		if err != nil {
			t.Fatal(err)
		}
		who := inject.Who{Domain: "box.example", System: own, Trusted: c.trusted}
		if got := judge(c.client, sender, who, config.Serve{Users: users}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := judge(client{}, own, inject.Who{Trusted: true}, config.Serve{}); got != refused {
		t.Errorf("loopback without a rule: %v", got)
	}
}

func TestANullSenderOfAUserWithRulesIsNotTheFromAddress(t *testing.T) {
	patterns := config.Serve{Users: map[string][]string{"backup": {"backup@work.example"}}}
	c := client{User: host.User{UID: 8, Login: "backup"}, known: true}
	if got := judge(c, address.Addr{}, inject.Who{Domain: "box.example"}, patterns); got != counts {
		t.Errorf("without an identity: %v", got)
	}
	if got := judge(c, address.Addr{}, inject.Who{System: address.Addr{Local: "backup", Domain: "box.example"}}, patterns); got != ignored {
		t.Errorf("with an identity: %v", got)
	}
}

func TestALentUserIDHasNoShareOfItsOwn(t *testing.T) {
	for _, tt := range []struct {
		c    client
		want string
	}{
		{client{User: host.User{UID: 1000, Login: "joe", Listed: true}, known: true}, "joe"},
		{client{User: host.User{UID: 100001, Login: "uid100001"}, known: true, lender: "joe"}, "joe"},
		{client{User: host.User{UID: 1000001, Login: "uid1000001"}, known: true, lender: "root"}, lentByRoot},
		{client{User: host.User{UID: 70001, Login: "uid70001"}, known: true}, "uid70001"},
		{client{User: host.User{Login: "uid0"}, known: true}, "uid0"},
		{client{}, loopback},
	} {
		if got := tt.c.share(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.want)
		}
	}
}

package config

import (
	"strings"
	"testing"

	"mailchute/headers/address"
)

func TestAPatternMatches(t *testing.T) {
	for _, test := range []struct {
		pattern, local, domain string
		want                   bool
	}{
		{"*@work.example", "me", "work.example", true},
		{"*@work.example", "me", "WORK.Example", true},
		{"*@work.example", "me", "a.work.example", false},
		{"me@x", "me", "x", true},
		{"me@x", "Me", "x", false},
		{"me@x", "me", "xx", false},
		{"*", "me", "x", true},
		{"*", "root", "", true},
		{"*", "", "", false},
		{"*.example", "me", "work.example", true},
		{"*.example", "me", "a.b.example", true},
		{"*.example", "me", "example", false},
		{"work.example", "me", "work.example", true},
		{"alert-*@*.example", "alert-7", "a.example", true},
		{"alert-*@*.example", "alerts", "a.example", false},
		{"a*b*c@x", "aXbXbc", "x", true},
		{"a*b*c@x", "aXbXb", "x", false},
		{"**@x", "", "x", true},
		{"a@b@x", "a@b", "x", true},
	} {
		if got := MatchAddress(test.pattern, address.Addr{Local: test.local, Domain: test.domain}); got != test.want {
			t.Errorf("%q on %q@%q: %v", test.pattern, test.local, test.domain, got)
		}
	}
}

func TestTheSenderChoosesTheAccountBeforeTheFromAddress(t *testing.T) {
	c := parse(t, `
[account.home]
match = ["me@home.example"]
[account.work]
match = ["*@work.example"]
[account.rest]
match = ["*.example"]
[account.never]
`)
	home, work := address.Addr{Local: "me", Domain: "home.example"}, address.Addr{Local: "x", Domain: "work.example"}
	other, null := address.Addr{Local: "x", Domain: "example.org"}, address.Addr{}
	for _, test := range []struct {
		sender, from address.Addr
		want         string
	}{
		{work, home, "work"},
		{home, work, "home"},
		{other, home, "home"},
		{null, work, "work"},
		{address.Addr{Local: "you", Domain: "home.example"}, work, "rest"},
		{other, other, ""},
		{null, null, ""},
	} {
		if got := c.Match(test.sender, test.from).Name; got != test.want {
			t.Errorf("%v, %v: %q, want %q", test.sender, test.from, got, test.want)
		}
	}
}

func TestManyStarsDoNotTakeForever(t *testing.T) {
	if MatchAddress(strings.Repeat("*a", 5000)+"@x", address.Addr{Local: strings.Repeat("a", 10_000) + "b", Domain: "x"}) {
		t.Error("matched")
	}
}

func TestTheChoiceOfAnAccountHasAReason(t *testing.T) {
	c := &Config{Accounts: []Account{{Name: "a", Match: []string{"*@a.example"}}, {Name: "b", Match: []string{"x@y.example", "*.b.example"}}}}
	a, b, n := address.Addr{Local: "me", Domain: "a.example"}, address.Addr{Local: "me", Domain: "host.b.example"}, address.Addr{}
	for _, tt := range []struct {
		sender, from address.Addr
		want         Choice
	}{
		{a, b, Choice{&c.Accounts[0], "*@a.example", a, true}},
		{n, b, Choice{&c.Accounts[1], "*.b.example", b, false}},
		{n, n, Choice{Account: &c.Default}},
	} {
		if got := c.Choose(tt.sender, tt.from); got != tt.want {
			t.Errorf("%v, %v: %+v", tt.sender, tt.from, got)
		}
	}
}

package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mailchute/relay/secret"
)

func TestADurationIsSpeltAsPeopleWriteIt(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Minute: "1m", 4 * time.Hour: "4h", 90 * time.Minute: "1h30m", 5 * day: "5d", 36 * time.Hour: "36h", 1500 * time.Millisecond: "1.5s", 10 * time.Second: "10s",
	} {
		if got := Spell(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestASizeIsANumberOfOctets(t *testing.T) {
	for _, test := range []struct {
		v    any
		want int64
	}{
		{int64(0), 0}, {int64(1 << 40), 1 << 40}, {"0", 0}, {"512", 512}, {"50k", 50 << 10}, {"50M", 50 << 20}, {"4G", 4 << 30},
		{int64(-1), -1}, {"", -1}, {"M", -1}, {"-1M", -1}, {"50m", -1}, {"50MB", -1}, {"1.5G", -1}, {1.5, -1}, {"99999999999G", -1}, {true, -1},
	} {
		got, err := size(test.v)
		if err != nil {
			got = -1
		}
		if got != test.want {
			t.Errorf("%v: %d, want %d", test.v, got, test.want)
		}
	}
}

func TestAProxyIsTakenApart(t *testing.T) {
	for text, want := range map[string]Proxy{
		"":                        {},
		"socks5://127.0.0.1:1080": {Address: "127.0.0.1:1080"},
		"socks5://me@[::1]:1080":  {Address: "[::1]:1080", User: "me"},
		"socks5://me:p%40s%3as@proxy.example:1080": {Address: "proxy.example:1080", User: "me", Password: secret.New("p@s:s")},
		"socks5://me:p@s:s@proxy.example:1080":     {Address: "proxy.example:1080", User: "me", Password: secret.New("p@s:s")},
	} {
		got, err := proxy(text)
		if err != nil || got.Address != want.Address || got.User != want.User || got.Password.Reveal() != want.Password.Reveal() {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"socks5://", "socks5://h", "socks5://h:0", "socks5://h:x", "socks5://a%zz@h:1", "socks5://:1", "socks4://h:1", "h:1", "socks5://h:1/"} {
		if got, err := proxy(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func TestNothingPrintsASecretOfAnAccount(t *testing.T) {
	c := parse(t, "user = \"u\"\npassword = \"canary\"\nproxy = \"socks5://me:canary@h.example:1\"\n[account.a]\n")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(format, c) + fmt.Sprintf(format, c.Accounts[0]); strings.Contains(got, "canary") {
			t.Errorf("%s: %s", format, got)
		}
	}
	if a := c.Accounts[0]; a.Secret.Text != "canary" || a.Proxy.Password.Reveal() != "canary" {
		t.Error("and it is lost")
	}
}

func TestTheNearestWordIsTheOneWithTheFewestEdits(t *testing.T) {
	for word, want := range map[string]string{
		"smarthots": "smarthost", "redirects": "redirect", "retry-min": "retry_min", "usr": "user", "": "", "x": "", "timeout": "timeouts",
		"pasword": "password", "passwordfile": "password_file", strings.Repeat("x", 1<<20): "",
	} {
		words := []string{"smarthost", "redirect", "retry_min", "retry_max", "user", "timeouts", "password", "password_file"}
		if got := nearest(word, words); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "acb", 1}, {"abc", "abcd", 1}, {"abc", "xbc", 1}, {"kitten", "sitting", 3}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("%q, %q: %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestOnlyAWarningCanBeTurnedOffByZero(t *testing.T) {
	for text, want := range map[string]bool{
		"warn_after = \"0\"": true, "warn_after = 0": true, "warn_after = \"0s\"": false, "warn_after = 5": false,
		"expire = \"0\"": false, "retry_min = 0": false,
	} {
		c, _, err := Parse("mailchute.toml", []byte("smarthost = \"smtp.example.org\"\n[queue]\n"+text+"\n"))
		if (err == nil) != want || err == nil && c.Default.Queue.WarnAfter != 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

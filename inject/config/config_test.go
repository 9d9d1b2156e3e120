package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"mailchute/relay/route"
	"mailchute/relay/secret"
)

const (
	badconf  = "../../testdata/badconf"
	goodconf = "../../testdata/goodconf"
)

// Each directory of badconf is one mistake and the text of the error it must
// give. Set UPDATE=1 to write what is given now.
func TestEachBadConfigurationGivesItsError(t *testing.T) {
	dirs, err := filepath.Glob(badconf + "/*")
	if err != nil || len(dirs) < 60 {
		t.Fatalf("%d directories, %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text := readFile(t, dir, "mailchute.toml")
			_, _, err := Parse("mailchute.toml", []byte(text))
			if err == nil {
				t.Fatal("no error")
			}
			got := err.Error() + "\n"
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(filepath.Join(dir, "expected-error"), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := readFile(t, dir, "expected-error"); got != want {
				t.Errorf("got  %swant %s", got, want)
			}
		})
	}
}

func TestEachGoodConfigurationParsesWithoutAWord(t *testing.T) {
	files, err := filepath.Glob(goodconf + "/*.toml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		_, warnings, err := Parse(file, []byte(readFile(t, file)))
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v, %q", file, err, warnings)
		}
	}
}

// commentedKey is a key that is written as a comment because another one takes
// its place.
var commentedKey = regexp.MustCompile(`(?m)^# ([a-z_]+ = )`)

func TestTheCompleteExampleHasEveryKeyOfTheSchema(t *testing.T) {
	text := commentedKey.ReplaceAllString(readFile(t, goodconf, "complete.toml"), "$1")
	lines := keyLines(text)
	for _, row := range schema {
		path := []string{row.table, row.name}
		switch {
		case row.name == "match":
			path = []string{"account", "work", "match"}
		case row.table == "oauth":
			path = append([]string{"account", "cloud"}, path...)
		case row.table == "":
			path = path[1:]
		}
		if lines[lineKey(path)] == 0 {
			t.Errorf("%q is not in it", path)
		}
	}
}

func TestTheCompleteExampleShowsTheDefaults(t *testing.T) {
	got := parse(t, readFile(t, goodconf, "complete.toml")).Default
	want := Defaults()
	// What has no default, and needs a value to be an example of anything.
	want.Smarthosts, want.User, want.Secret = got.Smarthosts, got.User, got.Secret
	want.Identity.Trusted, want.Serve.Users = []string{"*"}, got.Serve.Users
	want.DKIM = got.DKIM
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAnEmptyFileIsTheDefaults(t *testing.T) {
	c := parse(t, "")
	if !reflect.DeepEqual(c.Default, Defaults()) || c.Accounts != nil || c.Path != "test.toml" {
		t.Errorf("%+v", c)
	}
}

func TestAnAccountInheritsWhatItDoesNotName(t *testing.T) {
	c := parse(t, `
smarthost = "submission://a.example"
user = "u"
password_file = "/etc/pw"
[tls]
ca_file = "/ca"
min_version = "1.3"
[identity]
domain = "example.net"
[account.work]
match = ["*@work.example"]
smarthost = ["unix:/s", "mx:"]
[account.work.tls]
ca_file = ""
[account.home]
password = "secret"
[account.anonymous]
user = ""
password = ""
`)
	work, home, anonymous := &c.Accounts[0], &c.Accounts[1], &c.Accounts[2]
	for _, test := range []struct {
		promise string
		kept    bool
	}{
		{"accounts stand in the order of the file", work.Name == "work" && home.Name == "home" && anonymous.Name == "anonymous"},
		{"a key is overridden", len(work.Smarthosts) == 2 && work.Smarthosts[1].Scheme == route.MX},
		{"and not at the top level", len(c.Default.Smarthosts) == 1 && c.Default.Match == nil},
		{"nor in the next account", home.Smarthosts[0].Host == "a.example" && home.Match == nil},
		{"a nested table overrides key by key", work.TLS.RootsFile == "" && work.TLS.MinVersion == 0x0304},
		{"the top level keeps its own", c.Default.TLS.RootsFile == "/ca" && home.TLS.RootsFile == "/ca"},
		{"the password is inherited", work.Secret.File == "/etc/pw"},
		{"one source of the password replaces another", home.Secret.File == "" && home.Secret.Text == "secret"},
		{"an empty one leaves none", anonymous.Secret.IsZero() && anonymous.User == ""},
		{"everything else is the top level's", anonymous.Identity.Domain == "example.net" && anonymous.Queue == c.Default.Queue},
	} {
		if !test.kept {
			t.Errorf("broken: %s", test.promise)
		}
	}
}

func TestAccountsKeepTheirOrderHoweverTheyAreWritten(t *testing.T) {
	for _, text := range []string{
		"[account.b]\n[account.a.tls]\n[account.c]\nuser = \"\"\n",
		"account.b.user = \"\"\naccount.a.user = \"\"\naccount.c.user = \"\"\n",
		"account = {b = {}, a = {}, c = {}}",
		"[account]\nb.user = \"\"\na = {}\nc.tls.ca_file = \"\"\n",
		"[account.\"b\"]\n[account.'a']\n[ account . c ]\n",
	} {
		var names string
		for _, a := range parse(t, text).Accounts {
			names += a.Name
		}
		if names != "bac" {
			t.Errorf("%q: %q", text, names)
		}
	}
}

func TestAnUnknownAccountIsToldTheNearest(t *testing.T) {
	c := parse(t, "[account.work]\n[account.home]\n")
	for name, want := range map[string]string{"": "", "home": "home", "work": "work"} {
		if a, err := c.Account(name); err != nil || a.Name != want {
			t.Errorf("%q: %v, %v", name, a, err)
		}
	}
	_, err := c.Account("hom\x1b")
	if want := `test.toml: unknown account "hom\x1b"; there are home, work`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = parse(t, "[account.work]\n").Account("wrok")
	if want := `test.toml: unknown account "wrok"; there is work`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = parse(t, "").Account(strings.Repeat("x", 1<<20))
	var e *Error
	if !errors.As(err, &e) || len(err.Error()) > 200 || e.Hint != "there are no accounts" {
		t.Errorf("%v", err)
	}
}

func TestAllMistakesAreReportedInTheOrderOfTheFile(t *testing.T) {
	_, _, err := Parse("f", []byte("[queue]\nworkers = 0\nenabled = 1\n[log]\nformat = \"xml\"\n[tls]\nca_file = \"x\"\n"))
	var all Errors
	if !errors.As(err, &all) || len(all) != 4 {
		t.Fatalf("%v", err)
	}
	for i, line := range []int{2, 3, 5, 7} {
		if all[i].Line != line {
			t.Errorf("%d: %v", i, all[i])
		}
	}
	var first *Error
	if !errors.As(err, &first) || first.Key != "queue.workers" {
		t.Errorf("the first is %v", first)
	}
	_, _, err = Parse("f", []byte(strings.Repeat("x", 0)+manyUnknown(500)))
	if errors.As(err, &all); len(all) != 21 || all[20].Error() != "f: 480 more mistakes" {
		t.Errorf("%d errors, the last %v", len(all), all[len(all)-1])
	}
}

func manyUnknown(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("zz" + strings.Repeat("q", i) + " = 1\n")
	}
	return b.String()
}

func TestHalfALoginIsAWarning(t *testing.T) {
	for text, want := range map[string]string{
		"\npassword_file = \"/pw\"":                         "f:2: password_file: is not used; there is no user",
		"user = \"u\"":                                      "f:1: user: has no password; set password_file, password_command, password_credential or [oauth], or take it away",
		"[account.a]\nuser = \"u\"":                         "f:2: account.a.user: has no password; set password_file, password_command, password_credential or [oauth], or take it away",
		"user = \"u\"\nauth = [\"EXTERNAL\"]":               "",
		"user = \"u\"\nauth = \"off\"":                      "",
		"user = \"u\"\n[account.a]\npassword_file = \"/p\"": "",
		"user = \"u\"\npassword_file = \"/p\"":              "",
		"user = \"\"\npassword = \"\"":                      "",
	} {
		_, warnings, err := Parse("f", []byte(text))
		if got := strings.Join(warnings, "|"); got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestDeepNestingIsRefusedBeforeItCostsTime(t *testing.T) {
	for _, unit := range []string{"[", "{a=", "a."} {
		for _, start := range []string{"", "a=", "[account.x]\nb = [\n1, "} {
			text := start + strings.Repeat(unit, 300_000)
			if _, _, err := Parse("f", []byte(text)); err == nil {
				t.Errorf("%q: no error", text[:20])
			}
		}
	}
}

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, _, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readFile(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAnAccountsOAuthTakesThePlaceOfWhatItMustNotShare(t *testing.T) {
	const top = "user = \"u\"\n[oauth]\nprovider = \"microsoft\"\ntenant = \"t\"\nclient_id = \"one\"\nclient_secret = \"s\"\ntoken_file = \"/t\"\n[account.a]\n"
	for text, want := range map[string]OAuth{
		"":                            {Provider: "microsoft", Tenant: "t", ClientID: "one", ClientSecret: secret.Source{Text: "s"}, TokenFile: "/t"},
		"password = \"p\"":            {},
		"oauth.tenant = \"other\"":    {Provider: "microsoft", Tenant: "other", ClientID: "one", ClientSecret: secret.Source{Text: "s"}, TokenFile: "/t"},
		"oauth.client_id = \"two\"":   {Provider: "microsoft", Tenant: "t", ClientID: "two", TokenFile: "/t"},
		"oauth.provider = \"google\"": {Provider: "google", ClientID: "one", ClientSecret: secret.Source{Text: "s"}, TokenFile: "/t"},
		"oauth.load_command = \"l\"\noauth.save_command = \"s\"": {Provider: "microsoft", Tenant: "t", ClientID: "one", ClientSecret: secret.Source{Text: "s"}, Load: "l", Save: "s"},
	} {
		c, _, err := Parse("f", []byte(top+text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.Accounts[0].OAuth; got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestATokenAndAPasswordTakeEachOthersPlace(t *testing.T) {
	c, _, err := Parse("f", []byte("user = \"u\"\npassword = \"p\"\n[account.a.oauth]\nprovider = \"google\"\nclient_id = \"c\""))
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Accounts[0]; !a.Secret.IsZero() || a.OAuth.ClientID != "c" {
		t.Errorf("%v, %+v", a.Secret, a.OAuth)
	}
}

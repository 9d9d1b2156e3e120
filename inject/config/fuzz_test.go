package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// Whatever stands around a secret, parsing ends, and no error and no warning
// holds the secret, a control character or a second line.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{badconf + "/*/mailchute.toml", goodconf + "/*.toml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text), "")
			f.Add("", string(text))
		}
	}
	f.Fuzz(func(t *testing.T, before, behind string) {
		const canary = "Tr0ub4dor&3"
		for _, secret := range []string{"password = \"" + canary + "\"", "password = " + canary, "proxy = 'socks5://u:" + canary + "@h:x'", "smarthost = \"mx://u:" + canary + "@h\""} {
			c, warnings, err := Parse("f", []byte(before+"\n"+secret+"\n"+behind))
			if (c == nil) != (err != nil) {
				t.Fatalf("%v, %v", c, err)
			}
			for _, said := range append(warnings, errorLines(err)...) {
				if strings.Contains(said, canary) || strings.ContainsFunc(said, unicode.IsControl) {
					t.Errorf("%q", said)
				}
			}
		}
	})
}

func errorLines(err error) (lines []string) {
	var all Errors
	var one *Error
	switch {
	case err == nil:
	case errors.As(err, &all):
		for _, e := range all {
			lines = append(lines, e.Error())
		}
	case errors.As(err, &one):
		lines = append(lines, one.Error())
	}
	return lines
}

// The line scanner and the TOML decoder agree on which keys there are.
func FuzzEveryKeyHasALine(f *testing.F) {
	f.Add("a = 1\n[b.\"c d\"]\n'e' = {f = [1, {g = 2}], h.i = '''\n#'''}\n")
	f.Add("a = [\n # ]\n \"\\\"]\", ']' ]\nb.c = 1979-05-27 07:32:00\nd = \"\"\"\"\"\\\\\"\"\"\"\"\n")
	f.Add("a = [1 }]\n")
	f.Add("[[a]]\n[a.b]\n[[a]]\n\"\\u0061\\t\" = 1\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, order, err := decode("f", text)
		if err != nil {
			return
		}
		lines := keyLines(text)
		for _, key := range order {
			line := lines[lineKey(key)]
			if line == 0 && !odd(key, text) {
				t.Errorf("%q has no line", []string(key))
			}
			if line > strings.Count(text, "\n")+1 {
				t.Errorf("%q is on line %d", []string(key), line)
			}
		}
	})
}

// odd tells whether a key is written with escapes that Go does not share with
// TOML, or stands in a list, where no key of the schema can stand.
func odd(key []string, text string) bool {
	return strings.Contains(text, `\`) || strings.Contains(text, "{") && strings.Contains(text, "[")
}

func BenchmarkParse(b *testing.B) {
	text := []byte("smarthost = \"submission://smtp.example.org\"\nuser = \"me\"\npassword_file = \"/etc/pw\"\naliases = \"\"\n[tls]\nca_file = \"/ca.pem\"\nmin_version = \"1.2\"\n" +
		"[identity]\ndomain = \"sender.test\"\nhostname = \"client.sender.test\"\naddress = \"none\"\n[queue]\ndir = \"/var/spool/mailchute\"\nretry_min = \"1m\"\n[log]\nto = \"none\"\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Parse("f", text); err != nil {
			b.Fatal(err)
		}
	}
}

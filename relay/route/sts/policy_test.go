package sts

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       Policy
		err        string
	}{
		{"the example of RFC 8461", "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n",
			Policy{Enforce, 604800 * time.Second, []string{"mail.example.com", "*.example.net", "backupmx.example.com"}}, ""},
		{"CRLF, no blank, no end of line, capitals in names", "version:STSv1\r\nmode:testing\r\nmx:MX.Example.Com\r\nmax_age:1", Policy{Testing, time.Second, []string{"mx.example.com"}}, ""},
		{"unknown fields are ignored, repeated ones too", "version: STSv1\nmode: enforce\nmode: none\nx: y\nmx: a.example\nmax_age: 1\nmax_age: 2", Policy{Enforce, time.Second, []string{"a.example"}}, ""},
		{"none needs no server", "version: STSv1\nmode: none\nmax_age: 1\n", Policy{None, time.Second, nil}, ""},
		{"a year at most", "version: STSv1\nmode: none\nmax_age: 4000000000\n", Policy{None, 31557600 * time.Second, nil}, ""},
		{"empty", "", Policy{}, "version"},
		{"another version", "version: STSv2\nmode: none\nmax_age: 1", Policy{}, "version"},
		{"an unknown mode", "version: STSv1\nmode: maybe\nmax_age: 1", Policy{}, "mode"},
		{"no max_age", "version: STSv1\nmode: none", Policy{}, "max_age"},
		{"a negative max_age", "version: STSv1\nmode: none\nmax_age: -1", Policy{}, "max_age"},
		{"enforce without servers", "version: STSv1\nmode: enforce\nmax_age: 1", Policy{}, "no server"},
		{"a star in the middle", "version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1", Policy{}, "no host name"},
		{"a web page", "<html>\n<title>welcome</title>", Policy{}, "colon"},
		{"too long", "version: STSv1\n" + strings.Repeat("x: y\n", 20000), Policy{}, "longer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.text)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want an error with %q", err, tt.err)
				}
				return
			}
			if d := cmp.Diff(tt.want, got); err != nil || d != "" {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}

func TestAllows(t *testing.T) {
	p := Policy{MX: []string{"mail.example.com", "*.example.net"}}
	for host, want := range map[string]bool{
		"mail.example.com": true, "MAIL.example.COM.": true, "a.example.net": true,
		"a.b.example.net": false, "example.net": false, "xexample.net": false, "mail.example.com.evil.example": false, "": false,
	} {
		if p.Allows(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

func TestParseRecord(t *testing.T) {
	for _, tt := range []struct {
		name  string
		texts []string
		id    string
		ok    bool
	}{
		{"the example of RFC 8461", []string{"v=STSv1; id=20160831085700Z;"}, "20160831085700Z", true},
		{"beside other texts", []string{"v=spf1 -all", "v=STSv1;id=1"}, "1", true},
		{"two are none", []string{"v=STSv1; id=1", "v=STSv1; id=2"}, "", false},
		{"no id", []string{"v=STSv1;"}, "", false},
		{"an id that is none", []string{"v=STSv1; id=a/b"}, "a/b", false},
		{"another version", []string{"v=STSv10; id=1"}, "", false},
		{"nothing", nil, "", false},
	} {
		if id, ok := parseRecord(tt.texts); id != tt.id || ok != tt.ok {
			t.Errorf("%s: %q, %v", tt.name, id, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 86400\n")
	f.Add("version: STSv1\r\nmode: none\r\nmax_age: 99999999999999999999\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parse(text)
		if err != nil {
			return
		}
		if p.MaxAge < 0 || p.MaxAge > maxAge {
			t.Errorf("max_age %v", p.MaxAge)
		}
		if p.Mode != None && len(p.MX) == 0 || len(p.MX) > maxNames {
			t.Errorf("%d servers", len(p.MX))
		}
		for _, pattern := range p.MX {
			if strings.ContainsAny(pattern, " \r\n\x00") || !p.Allows(strings.Replace(pattern, "*", "x", 1)) {
				t.Errorf("pattern %q", pattern)
			}
		}
	})
}

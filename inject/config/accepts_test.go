package config

import "testing"

func TestAcceptsIsWhatParseTakes(t *testing.T) {
	tests := []struct {
		name  string
		key   string
		value any
		want  bool
	}{
		{"a smarthost", "smarthost", "submission://smtp.example.org", true},
		{"a list of them", "smarthost", []string{"smtp://a.example", "smtp://b.example"}, true},
		{"one bad among them", "smarthost", []string{"smtp://a.example", "smtp://b c"}, false},
		{"a key in a table", "tls.ca_file", "/etc/ca.pem", true},
		{"a path that depends on where one is", "tls.ca_file", "ca.pem", false},
		{"a command", "password_command", "pass mail | head -n1", true},
		{"a control character", "password_command", "pass\tmail", false},
		{"text that is no UTF-8", "user", "joe\xff", false},
		{"an IPv6 proxy in brackets", "proxy", "socks5://[::1]:1080", true},
		{"an IPv6 proxy without", "proxy", "socks5://::1:1080", false},
		{"a time", "queue.retry_min", "300s", true},
		{"a wrong unit", "queue.retry_min", "300x", false},
		{"nobody", "identity.trusted", []string{}, true},
		{"a switch", "queue.enabled", true, true},
		{"the wrong type", "queue.enabled", "yes", false},
		{"no key", "nothing", "x", false},
		{"a table", "tls", "x", false},
		{"an account", "account.x", "x", false},
		{"nothing", "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Accepts(tt.key, tt.value); got != tt.want {
				t.Errorf("Accepts(%q, %v) = %v", tt.key, tt.value, got)
			}
		})
	}
}

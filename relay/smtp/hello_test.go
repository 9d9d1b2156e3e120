package smtp

import (
	"net"
	"testing"

	"mailchute/relay/reply"
)

func TestHello(t *testing.T) {
	tests := []struct {
		name string
		addr net.Addr
		want string
	}{
		{"IPv4", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7}, "[192.0.2.1]"},
		{"IPv6 without its zone", &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 7}, "[IPv6:fe80::1]"},
		{"IPv4 in IPv6", &net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 7}, "[192.0.2.1]"},
		{"a Unix socket", &net.UnixAddr{Name: "", Net: "unix"}, "[127.0.0.1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conn{wire: wire{raw: addressed{addr: tt.addr}}}
			if got := c.hello(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

type addressed struct {
	net.Conn
	addr net.Addr
}

func (a addressed) LocalAddr() net.Addr { return a.addr }

func TestWhatAServerCallsItself(t *testing.T) {
	for _, tt := range []struct{ name, greeting, hello, want string }{
		{"its name in both", "mx.example ESMTP", "mx.example at your service", "mx.example"},
		{"another in its reply to EHLO", "mx1.example ESMTP", "mx.example", "mx.example"},
		{"ours in its reply to EHLO", "mx.example ESMTP", "Client.example hello", "mx.example"},
		{"ours with a comma", "mx.example ESMTP", "client.example, I am happy", "mx.example"},
		{"ours in both: it is this machine", "client.example ESMTP", "client.example hello", "client.example"},
		{"ours, and none in its greeting", "", "client.example hello", "client.example"},
		{"none in its reply to EHLO", "mx.example ESMTP", "", "mx.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conn{greeting: reply.Reply{Lines: []string{tt.greeting}}, options: Options{Hello: "client.example"}}
			if got := c.nameIn(&reply.Reply{Lines: []string{tt.hello}}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

package route

import (
	"context"
	"io"
	"mailchute/relay/smtp/smtptest"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// socks is a SOCKS5 proxy for one connection, RFC 1928: it asks for a user where it
// is told to, answers with reply, and then gives back what it is sent.
func socks(t *testing.T, user string, reply byte) (address string, asked chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	asked = make(chan string, 2)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 512)
		read := func(n int) []byte { io.ReadFull(c, b[:n]); return b[:n] }
		read(int(read(2)[1])) // the methods
		if user == "" {
			c.Write([]byte{5, 0})
		} else { // RFC 1929
			c.Write([]byte{5, 2})
			name := string(read(int(read(2)[1])))
			secret := string(read(int(read(1)[0])))
			asked <- name + ":" + secret
			c.Write([]byte{1, 0})
		}
		read(4) // a name is asked for
		name := string(read(int(read(1)[0])))
		read(2)
		asked <- name
		c.Write([]byte{5, reply, 0, 1, 192, 0, 2, 1, 0, 25})
		io.Copy(c, c)
	}()
	return l.Addr().String(), asked
}

func TestAProxyResolvesAndConnects(t *testing.T) {
	for _, user := range []string{"", "u"} {
		address, asked := socks(t, user, 0)
		dial := NewDial(netip.Addr{}, &Proxy{Address: address, User: user, Password: strings.Repeat("p", len(user))})
		c, err := dial(t.Context(), "tcp", "smtp.example.org:587")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if user != "" && <-asked != "u:p" {
			t.Error("another user")
		}
		if got := <-asked; got != "smtp.example.org" {
			t.Errorf("it was asked for %q", got)
		}
		if got := c.RemoteAddr().String(); got != "smtp.example.org:587" {
			t.Errorf("the other end is %s", got)
		}
		io.WriteString(c, "hello")
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestTroubleWithAProxyNamesTheProxy(t *testing.T) {
	refusing, _ := socks(t, "", 5)
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for _, tt := range []struct {
		name, address, want string
		late                bool
	}{
		{"nobody is there", smtptest.Refusing(t), "connection refused", false},
		{"it cannot get further", refusing, "connection refused", false},
		{"it says nothing", mute.Addr().String(), "", true},
	} {
		ctx := t.Context()
		if tt.late {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
		}
		_, err := NewDial(netip.Addr{}, &Proxy{Address: tt.address})(ctx, "tcp", "smtp.example.org:587")
		if err == nil || !strings.HasPrefix(err.Error(), "by the proxy "+tt.address+": ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if late, ok := err.(interface{ Timeout() bool }); !ok || late.Timeout() != tt.late {
			t.Errorf("%s: too late: %v", tt.name, late)
		}
	}
}

func TestNoProxyStandsBeforeAUnixSocket(t *testing.T) {
	path := t.TempDir() + "/s"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := NewDial(netip.Addr{}, &Proxy{Address: "127.0.0.1:1"})(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

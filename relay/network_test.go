package relay

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
	"mailchute/relay/smtp"
)

// network is a small internet: a name server, mail servers on 127.0.0.0/8 that
// share one port, and an authority whom all trust.
type network struct {
	t     *testing.T
	names *dnstest.Server
	port  int
	roots string // file
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	peers []*peer
	notes []string
}

func newNetwork(t *testing.T, validated bool, zone string) *network {
	n := &network{t: t, names: dnstest.New(t, zone, validated)}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(1e9, 0), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	n.key = ecKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &n.key.PublicKey, n.key)
	if err != nil {
		t.Fatal(err)
	}
	n.cert, _ = x509.ParseCertificate(der)
	n.roots = filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(n.roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return n
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// certify is a configuration with a certificate for names, and what a TLSA record
// says of its key.
func (n *network) certify(names ...string) (*tls.Config, string) {
	key := ecKey(n.t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Unix(1e9, 0), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, template, n.cert, &key.PublicKey, n.key)
	if err != nil {
		n.t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		fmt.Sprintf("3 1 1 %x", sha256.Sum256(leaf.RawSubjectPublicKeyInfo))
}

const withTLS = "EHLO => PIPELINING,STARTTLS,REQUIRETLS\n"

// server is a mail server at 127.0.0.last, on the port that all have.
func (n *network) server(last int, script string, security *tls.Config) *peer {
	n.t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%d", last, n.port))
	if err != nil {
		n.t.Fatal(err)
	}
	n.port = l.Addr().(*net.TCPAddr).Port
	p := servePeer(n.t, l, script, security)
	n.peers = append(n.peers, p)
	return p
}

// relay sends by way of smarthosts, "" is mx:. What a server on loopback says is
// believed, as everywhere: only a name from elsewhere would not be.
func (n *network) relay(smarthosts ...route.Smarthost) *Relay {
	if smarthosts == nil {
		smarthosts = []route.Smarthost{{Scheme: route.MX}}
	}
	policy := everyRedirect()
	policy.Via = redirect.ViaAuto
	return &Relay{
		Smarthosts: smarthosts, Redirect: policy,
		SMTP:     smtp.Options{Hello: "client.example", TLS: smtp.TLS{RootsFile: n.roots}},
		Resolver: &route.Resolver{DNS: dns.Client{Servers: []netip.AddrPort{n.names.Addr}, Timeout: time.Minute, Attempts: 1}, Port: n.port},
		Observer: Observer{Note: func(text string) { n.notes = append(n.notes, text) }},
	}
}

// expect delivers to recipients and compares fates and copies.
func (n *network) expect(r *Relay, to, wantFates, wantCopies string) *envelope.Envelope {
	n.t.Helper()
	env := newEnvelope(strings.Fields(to)...)
	r.Deliver(context.Background(), env, newMessage("hello\r\n"))
	if got := fates(env); got != wantFates {
		n.t.Errorf("fates:\n got %s\nwant %s", got, wantFates)
		for _, r := range env.Recipients {
			n.t.Logf("%s: %s", r.Original, r.Outcome.Text())
		}
	}
	if got := copies(n.peers...); got != wantCopies {
		n.t.Errorf("copies:\n got %s\nwant %s", got, wantCopies)
	}
	return env
}

package sasl

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	peer "github.com/xdg-go/scram"
)

// connect makes a TLS connection of that version and gives what each end knows
// of it.
func connect(t *testing.T, version uint16) (client, server tls.ConnectionState) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"smtp.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)

	c, s := net.Pipe()
	t.Cleanup(func() { _ = c.Close(); _ = s.Close() })
	ours := tls.Client(c, &tls.Config{RootCAs: roots, ServerName: "smtp.example.org", MinVersion: version, MaxVersion: version})
	theirs := tls.Server(s, &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		SessionTicketsDisabled: true,
	})
	done := make(chan error, 1)
	go func() { done <- theirs.HandshakeContext(t.Context()) }()
	if err := ours.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return ours.ConnectionState(), theirs.ConnectionState()
}

func TestPlusBindsToTheConnection(t *testing.T) {
	tests := []struct {
		name    string
		version uint16
		unique  bool // the handshake has a tls-unique
		kind    string
		expect  func(client, server tls.ConnectionState) (peer.ChannelBinding, error)
	}{
		{"TLS 1.3", tls.VersionTLS13, true, "tls-exporter",
			func(_, server tls.ConnectionState) (peer.ChannelBinding, error) {
				return peer.NewTLSExporterBinding(&server)
			}},
		{"TLS 1.2", tls.VersionTLS12, true, "tls-unique",
			func(_, server tls.ConnectionState) (peer.ChannelBinding, error) {
				return peer.NewTLSUniqueBinding(server.TLSUnique), nil
			}},
		{"TLS 1.2 without a safe tls-unique", tls.VersionTLS12, false, "tls-server-end-point",
			func(client, _ tls.ConnectionState) (peer.ChannelBinding, error) {
				return peer.NewTLSServerEndpointBinding(&client)
			}},
	}
	for _, tt := range tests {
		for _, mechanism := range []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"} {
			t.Run(tt.name+" "+mechanism, func(t *testing.T) {
				client, srv := connect(t, tt.version)
				if !tt.unique {
					client.TLSUnique = nil
				}
				m, err := New(mechanism, Credentials{User: "user", Secret: "pencil", TLS: &client})
				if err != nil {
					t.Fatal(err)
				}
				expected, err := tt.expect(client, srv)
				if err != nil {
					t.Fatal(err)
				}
				if gs2 := m.(*scram).gs2; gs2 != "p="+tt.kind+",," {
					t.Errorf("GS2 header %q", gs2)
				}
				conv := server(t, mechanism, "user", "pencil").NewConversationWithChannelBindingRequired(expected)
				theirs, ours := converse(m, conv)
				if theirs != nil || ours != nil || !conv.Valid() {
					t.Errorf("server says %v, we say %v", theirs, ours)
				}
			})
		}
	}
}

// The man in the middle has two TLS connections and passes the login on from one
// to the other.
func TestALoginForAnotherConnectionIsRefused(t *testing.T) {
	ours, _ := connect(t, tls.VersionTLS13)
	_, other := connect(t, tls.VersionTLS13)
	m, err := New("SCRAM-SHA-256-PLUS", Credentials{User: "user", Secret: "pencil", TLS: &ours})
	if err != nil {
		t.Fatal(err)
	}
	expected, err := peer.NewTLSExporterBinding(&other)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := converse(m, server(t, "SCRAM-SHA-256", "user", "pencil").NewConversationWithChannelBindingRequired(expected))
	if theirs == nil || err == nil {
		t.Errorf("server says %v, we say %v", theirs, err)
	}
}

func TestTheServerLearnsThatWeCouldHaveBound(t *testing.T) {
	state, _ := connect(t, tls.VersionTLS13)
	tests := []struct {
		name string
		c    Credentials
		want string
	}{
		{"-PLUS is missing from the offer", Credentials{TLS: &state, Offered: []string{"PLAIN", "SCRAM-SHA-256"}}, "y,,"},
		{"-PLUS is offered, but not used", Credentials{TLS: &state, Offered: []string{"scram-sha-256-plus"}}, "n,,"},
		{"the offer is not known", Credentials{TLS: &state}, "n,,"},
		{"no TLS", Credentials{Offered: []string{"SCRAM-SHA-256"}}, "n,,"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.User, tt.c.Secret = "user", "pencil"
			s, err := newSCRAM("SCRAM-SHA-256", tt.c)
			if err != nil || s.gs2 != tt.want {
				t.Errorf("GS2 header %q, %v; want %q", s.gs2, err, tt.want)
			}
		})
	}
}

func TestEndPointHashesByTheSignature(t *testing.T) {
	cert := &x509.Certificate{Raw: []byte("certificate")}
	for algorithm, size := range map[x509.SignatureAlgorithm]int{
		x509.SHA1WithRSA: 32, x509.ECDSAWithSHA256: 32, x509.SHA384WithRSAPSS: 48, x509.SHA512WithRSA: 64,
	} {
		cert.SignatureAlgorithm = algorithm
		if sum, err := endPoint(cert); err != nil || len(sum) != size {
			t.Errorf("%s: %d octets, %v", algorithm, len(sum), err)
		}
	}
	cert.SignatureAlgorithm = x509.SHA256WithRSA
	want := sha256.Sum256(cert.Raw)
	if sum, _ := endPoint(cert); string(sum) != string(want[:]) {
		t.Errorf("SHA-256 of the certificate is %x, want %x", sum, want)
	}
	cert.SignatureAlgorithm, cert.PublicKey = x509.PureEd25519, ed25519.PublicKey{}
	if _, err := endPoint(cert); err == nil || !strings.Contains(err.Error(), "Ed25519") {
		t.Errorf("Ed25519: %v", err)
	}
}

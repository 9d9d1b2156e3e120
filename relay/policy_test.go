package relay

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/relay/route"
	"mailchute/relay/route/dns"
)

// policyHost is the web server at mta-sts.a.example, with a certificate for name from
// the authority that all trust. It gives a dial that leads there, whoever is asked for.
func (n *network) policyHost(name, policy string) (*httptest.Server, route.Dial) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "mta-sts.a.example" || r.URL.Path != "/.well-known/mta-sts.txt" {
			n.t.Errorf("asked for %s%s", r.Host, r.URL.Path)
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(policy))
	}))
	security, _ := n.certify(name)
	s.TLS = &tls.Config{Certificates: security.Certificates}
	s.StartTLS()
	n.t.Cleanup(s.Close)
	return s, func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "mta-sts.a.example:443" {
			n.t.Errorf("connects to %s", address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}
}

// TestAPolicyIsFoundInDNSFetchedVerifiedAndObeyed: MTA-STS as a whole, from the TXT
// record to the certificate of the mail server (RFC 8461 sections 3 and 4).
func TestAPolicyIsFoundInDNSFetchedVerifiedAndObeyed(t *testing.T) {
	const (
		zone    = "a.example MX 1 mx.a.example\nmx.a.example A 127.0.0.129\n"
		record  = "_mta-sts.a.example TXT v=STSv1; id=1;\n"
		enforce = "version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 86400\n"
	)
	another := strings.Replace(enforce, "mx.a.", "mx.b.", 1)
	for _, tt := range []struct {
		name    string
		record  string
		host    string // whom the policy host's certificate is for
		policy  string
		cert    string // whom the mail server's certificate is for
		doubted bool   // the policy host's issuer is not in ca_file
		refuse  bool
	}{
		{"a good certificate", record, "mta-sts.a.example", enforce, "mx.a.example", false, false},
		{"a certificate for another name", record, "mta-sts.a.example", enforce, "other.example", false, true},
		{"a server that it does not name", record, "mta-sts.a.example", another, "mx.a.example", false, true},
		{"a policy for tests", record, "mta-sts.a.example", strings.Replace(enforce, "enforce", "testing", 1), "other.example", false, false},
		{"no record: nobody is asked", "", "mta-sts.a.example", enforce, "other.example", false, false},
		{"somebody else's policy host", record, "mta-sts.b.example", enforce, "other.example", false, false},
		{"a policy host whose issuer is not in ca_file", record, "mta-sts.a.example", enforce, "other.example", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := newNetwork(t, false, zone+tt.record)
			security, _ := n.certify(tt.cert)
			p := n.server(129, withTLS, security)
			web, dial := n.policyHost(tt.host, tt.policy)
			roots, dir := n.roots, filepath.Join(t.TempDir(), "mta-sts")
			if tt.doubted {
				roots = newNetwork(t, false, "").roots
			}
			names := dns.Client{Servers: []netip.AddrPort{n.names.Addr}, Timeout: time.Minute, Attempts: 1}
			process := func() *Relay { // each knows what is on disk
				r := n.relay()
				r.Resolver.Policies = route.NewPolicies(names, dir, roots, dial)
				return r
			}
			fate, copies := "x@a.example delivered", "x@a.example 1"
			if tt.refuse {
				fate, copies = "x@a.example deferred 4.7.5", ""
			}
			n.expect(process(), "x@a.example", fate, copies)
			if tt.refuse && p.Told("MAIL") > 0 {
				t.Error("the envelope was shown")
			}
			if !tt.refuse {
				return
			}
			// Who hides the record and stops the policy host gains nothing.
			web.Close()
			n.names.Set(zone)
			n.expect(process(), "x@a.example", fate, "")
			if kept, err := os.ReadFile(filepath.Join(dir, "a.example.json")); err != nil || !strings.Contains(string(kept), `"id":"1"`) {
				t.Errorf("kept %s, %v", kept, err)
			}
		})
	}
}

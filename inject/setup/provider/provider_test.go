package provider

import (
	"strings"
	"testing"

	"mailchute/headers/address"
	"mailchute/relay/route"
	"mailchute/relay/sasl"

	"mailchute/relay/oauth"
)

func TestEveryProviderCanBeUsedAsItStands(t *testing.T) {
	for _, p := range table() {
		t.Run(p.Name, func(t *testing.T) {
			s, err := route.ParseSmarthost(p.Smarthost)
			if err != nil {
				t.Fatal(err)
			}
			if s.Scheme != route.Submission && s.Scheme != route.Submissions && s.Host != "127.0.0.1" {
				t.Errorf("%s does not demand TLS", p.Smarthost)
			}
			for _, d := range strings.Fields(p.domains + " " + p.exchanger) {
				if !address.IsDomain(d) || d != strings.ToLower(d) {
					t.Errorf("%q is no domain", d)
				}
			}
			if p.Auth != "" && !sasl.Known(p.Auth) {
				t.Errorf("unknown mechanism %q", p.Auth)
			}
			if p.User != FullAddress && p.Note == "" {
				t.Error("the user name is not the address, and nothing says so")
			}
			if strings.ContainsAny(p.Note, "\n\t") || strings.HasSuffix(p.Note, ".") {
				t.Errorf("the note is no line of a message: %q", p.Note)
			}
		})
	}
}

func TestNoDomainBelongsToTwoProviders(t *testing.T) {
	seen := map[string]string{}
	for _, p := range table() {
		for _, d := range strings.Fields(p.domains) {
			if other, ok := seen[d]; ok {
				t.Errorf("%s belongs to %s and to %s", d, other, p.Smarthost)
			}
			seen[d] = p.Smarthost
		}
	}
}

func TestProvidersAreFound(t *testing.T) {
	tests := []struct {
		name string
		by   func(string) (Provider, bool)
		key  string
		want string
	}{
		{"by the domain of the mailbox", ByDomain, "gmail.com", "Gmail"},
		{"in any case", ByDomain, "GMX.de", "GMX"},
		{"not by the end of a domain", ByDomain, "notgmail.com", ""},
		{"not a host below a domain", ByDomain, "x.gmail.com", ""},
		{"by an MX", ByExchanger, "aspmx.l.google.com", "Gmail"},
		{"by an MX with a final dot", ByExchanger, "in1-smtp.messagingengine.com.", "Fastmail"},
		{"Microsoft 365 by its MX", ByExchanger, "example-org.mail.protection.outlook.com", "Microsoft 365"},
		{"Microsoft 365 by an MX that DNSSEC vouches for", ByExchanger, "example-org.p-v1.mx.microsoft.", "Microsoft 365"},
		{"not by a host that only ends alike", ByExchanger, "evilgoogle.com", ""},
		{"by its smarthost", ByHost, "smtp.sendgrid.net", "SendGrid"},
		{"by a smarthost of another region", ByHost, "email-smtp.eu-west-1.amazonaws.com", "Amazon SES"},
		{"loopback is nobody's", ByHost, "127.0.0.1", ""},
		{"nobody", ByHost, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p, _ := tt.by(tt.key); p.Name != tt.want {
				t.Errorf("%q is %q, want %q", tt.key, p.Name, tt.want)
			}
		})
	}
}

func TestUserNames(t *testing.T) {
	for host, want := range map[string]string{
		"smtp.gmail.com": "me@x.example", "smtp.sendgrid.net": "apikey", "smtp.resend.com": "resend", "smtp.mailgun.org": "",
	} {
		p, ok := ByHost(host)
		if got := p.UserName("me@x.example"); !ok || got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

func TestWhoGivesOutTokensIsKnown(t *testing.T) {
	for _, p := range table() {
		if _, known := oauth.Known(p.OAuth, ""); p.OAuth != "" && !known {
			t.Errorf("%s: nobody knows %q", p.Name, p.OAuth)
		}
	}
}

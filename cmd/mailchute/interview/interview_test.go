package interview

import (
	"context"
	"errors"
	"testing"

	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

func TestTheServerOfADomainIsFound(t *testing.T) {
	srv := func(address, host string, security smtp.Security) func(context.Context, string) ([]smtp.Endpoint, error) {
		return func(context.Context, string) ([]smtp.Endpoint, error) {
			if address == "." {
				return nil, &route.Error{Domain: "x.example", Err: route.ErrNotOffered}
			}
			if address == "" {
				return nil, errors.New("no records")
			}
			return []smtp.Endpoint{{Address: address, Host: host, Security: security}}, nil
		}
	}
	tests := []struct {
		name, domain        string
		address, host       string // of the SRV record
		security            smtp.Security
		mx, listens         string
		smarthost, provider string
		hearsay             bool
	}{
		{name: "a provider's own domain needs no lookup", domain: "gmail.com", address: "evil.example:465", host: "evil.example",
			smarthost: "submissions://smtp.gmail.com", provider: "Gmail"},
		{name: "SRV inside the domain", domain: "x.example", address: "out.x.example:465", host: "out.x.example", security: smtp.Implicit, mx: "aspmx.l.google.com",
			smarthost: "submissions://out.x.example:465"},
		{name: "SRV with STARTTLS", domain: "x.example", address: "out.x.example:587", host: "out.x.example", security: smtp.StartTLS,
			smarthost: "submission://out.x.example:587"},
		{name: "SRV that leads outside has to be agreed to", domain: "x.example", address: "out.other.example:465", host: "x.example", security: smtp.Implicit,
			smarthost: "submissions://out.other.example:465", hearsay: true},
		{name: "SRV that leads to a provider", domain: "x.example", address: "smtp.fastmail.com:465", host: "x.example", security: smtp.Implicit,
			smarthost: "submissions://smtp.fastmail.com:465", provider: "Fastmail"},
		{name: "MX of a provider", domain: "x.example", mx: "x-example.mail.protection.outlook.com",
			smarthost: "submission://smtp.office365.com", provider: "Microsoft 365"},
		{name: "the usual name", domain: "x.example", mx: "mx.x.example", listens: "mail.x.example:587", smarthost: "submission://mail.x.example"},
		{name: "SRV that says there is none is believed", domain: "x.example", address: ".", mx: "aspmx.l.google.com", listens: "smtp.x.example:465"},
		{name: "nobody", domain: "x.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lookups{
				services:   srv(tt.address, tt.host, tt.security),
				exchangers: func(context.Context, string) ([]string, error) { return []string{tt.mx}, nil },
				answers:    func(_ context.Context, address string) bool { return address == tt.listens },
			}
			f := l.find(t.Context(), tt.domain)
			if f.smarthost != tt.smarthost || f.provider.Name != tt.provider || f.hearsay != tt.hearsay {
				t.Errorf("found %q of %q, hearsay %v", f.smarthost, f.provider.Name, f.hearsay)
			}
		})
	}
}

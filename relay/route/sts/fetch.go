package sts

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"mailchute/relay/web"
)

// Fetcher gets policies over HTTPS.
type Fetcher struct {
	Roots   *x509.CertPool // nil: the issuers that the system trusts
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Timeout time.Duration // for all of it; 0 is patience
}

// patience is how long a policy host may take. RFC 8461 section 3.3 suggests a minute,
// but a person waits for this.
const patience = 15 * time.Second

// Fetch gets a domain's policy from its well-known place, RFC 8461 section 3.3.
func (f Fetcher) Fetch(ctx context.Context, domain string) (string, error) {
	host := "mta-sts." + domain
	text, err := f.get(ctx, host)
	if err != nil {
		return "", fmt.Errorf("policy of %s: %w", host, err)
	}
	return text, nil
}

func (f Fetcher) get(ctx context.Context, host string) (string, error) {
	client := web.Client{Roots: f.Roots, Dial: f.Dial, Timeout: cmp.Or(f.Timeout, patience)}
	a, err := client.Do(ctx, web.Request{
		Method: "GET", Address: "https://" + host + "/.well-known/mta-sts.txt", Header: []string{"Accept: text/plain"}, Limit: maxText,
	})
	switch {
	case err != nil:
		return "", err
	case a.Status != 200:
		return "", errors.New("the answer is not 200 OK") // redirects are not followed: RFC 8461 section 3.3
	case a.Type != "text/plain":
		return "", errors.New("the answer is not text/plain") // section 3.2
	}
	return string(a.Body), nil
}

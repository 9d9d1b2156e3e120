package route

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"mailchute/relay/route/dns"
	"mailchute/relay/route/sts"
)

// NewPolicies is the MTA-STS policies of domains as this machine finds them: asked
// for with c, fetched with dial (nil: directly), verified by the issuers in the
// file roots ("": the system's), kept in dir ("": not kept).
func NewPolicies(c dns.Client, dir, roots string, dial Dial) *sts.Book {
	return &sts.Book{
		Dir: dir,
		TXT: func(ctx context.Context, name string) ([]string, error) {
			answer, err := c.TXT(ctx, name)
			var e *dns.Error
			if errors.As(err, &e) && e.NotFound {
				return nil, nil
			}
			return answer.Records, err
		},
		Fetch: func(ctx context.Context, domain string) (string, error) {
			f := sts.Fetcher{Dial: dial}
			if roots != "" {
				pem, err := os.ReadFile(roots)
				if err != nil {
					return "", err
				}
				if f.Roots = x509.NewCertPool(); !f.Roots.AppendCertsFromPEM(pem) {
					return "", fmt.Errorf("no certificate in %q", roots)
				}
			}
			return f.Fetch(ctx, domain)
		},
	}
}

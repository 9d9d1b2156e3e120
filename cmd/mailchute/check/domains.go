package check

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/dmarc"
	"mailchute/relay/route/dns"
)

// domainTime bounds what is asked of the DNS about the domains of one account.
const domainTime = 30 * time.Second

// domains looks at what the DNS says of mail from an account's domains: whether
// they are there, and whether receivers will believe the mail.
type domains struct {
	dns   dns.Client
	from  address.Addr // the From address to judge; null: those of the configuration
	mute  bool         // no name server answers: nothing more is asked
	known map[string]dmarc.Found
}

func newDomains(c dns.Client, from address.Addr) *domains {
	if c.Timeout == 0 {
		c.Timeout = 3 * time.Second // nobody waits for a message here
	}
	return &domains{dns: c, from: from, known: map[string]dmarc.Found{}}
}

// place is a server that takes an account's mail.
type place struct {
	host      string
	addresses []netip.Addr
	local     bool // on this machine: it sends on from where nobody here knows
}

// check says of each author of the account whether its mail can pass.
func (d *domains) check(ctx context.Context, at about, a *config.Account, who inject.Who, places []place) {
	if d.mute || len(a.Smarthosts) == 0 {
		return
	}
	if wire.ByLocalServer(a) && len(places) == 0 {
		at.note("dmarc", "the server behind the socket sends on; what becomes of the mail depends on its configuration", "mailchute check -C /etc/mailchute/serve.toml, as root")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, domainTime)
	defer cancel()
	seen := map[string]bool{}
	for _, author := range authorsOf(a, who, d.from) {
		for _, name := range []string{author.from, author.sender} {
			if !seen[name] {
				seen[name] = true
				if !d.exists(ctx, at, name) {
					return
				}
			}
		}
		if err := d.judge(ctx, at, a, who, author, places); err != nil {
			d.silent(at, err)
			return
		}
	}
}

// silent says that there is no answer. Without a network all else still works.
func (d *domains) silent(at about, err error) {
	d.mute = true
	at.heed(err)
	at.note("domain", "no answer from the name servers, so SPF, DKIM and DMARC were not looked at: "+err.Error(), "is there a network?")
}

// exists says whether a domain can have mail at all; false ends the look at the
// account.
func (d *domains) exists(ctx context.Context, at about, name string) bool {
	if isPrivate(name) {
		at.warn("domain", "mail comes from "+name+", which no other machine knows: receivers refuse it, and no report can come back",
			"set identity.address to a real mail address, or identity.domain")
		return false
	}
	answer, err := d.dns.MX(ctx, name)
	var missing *dns.Error
	switch {
	case errors.As(err, &missing) && missing.NotFound:
		at.warn("domain", "the DNS has no domain "+name+": receivers refuse mail from it, and no report can come back",
			"set identity.address to a real mail address, or identity.domain")
		return false
	case err != nil:
		d.silent(at, err)
		return false
	case len(answer.Records) == 1 && answer.Records[0].Host == "":
		at.warn("domain", name+" takes no mail (null MX): no report can come back, and some receivers refuse mail from it", "use a domain with a mailbox")
	default:
		at.ok("domain", name+" is in the DNS")
	}
	return true
}

// isPrivate tells names that are never in the DNS, RFC 6761, 6762, 8375 and 9476.
func isPrivate(name string) bool {
	if !strings.Contains(name, ".") || net.ParseIP(strings.Trim(name, "[]")) != nil {
		return true
	}
	for _, top := range []string{"localdomain", "local", "localhost", "lan", "home", "internal", "home.arpa", "invalid", "alt"} {
		if strings.HasSuffix(name, "."+top) {
			return true
		}
	}
	return false
}

// organization is dmarc.Find, asked once for each name.
func (d *domains) organization(ctx context.Context, name string) (dmarc.Found, error) {
	if f, ok := d.known[name]; ok {
		return f, nil
	}
	f, err := dmarc.Find(ctx, &d.dns, name)
	if err == nil {
		d.known[name] = f
	}
	return f, err
}

// hello says whether the name in EHLO is one that a server can look up.
func (d *domains) hello(ctx context.Context, at about, name string) {
	if d.mute || name == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, domainTime)
	defer cancel()
	four, err := d.dns.IPv4(ctx, name)
	six, err6 := d.dns.IPv6(ctx, name)
	var missing *dns.Error
	switch {
	case len(four.Records)+len(six.Records) > 0:
		at.ok("identity", name+" has an address in the DNS")
	case err != nil && !(errors.As(err, &missing) && missing.NotFound):
		d.silent(at, err)
	case err6 != nil && !(errors.As(err6, &missing) && missing.NotFound):
		d.silent(at, err6)
	default:
		at.note("identity", name+" has no address in the DNS; most servers for submission do not mind, others refuse EHLO",
			"if mail is refused for its name, set identity.hostname to one that resolves")
	}
}

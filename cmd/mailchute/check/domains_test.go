package check

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/dkim"
	"mailchute/relay/route"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/dns/dnstest"
)

// mailZone is a world of domains; %KEY% is the record of the test's key.
const mailZone = `
	example.org MX 10 mx.example.org
	example.org TXT v=spf1 include:_spf.example.net -all
	_dmarc.example.org TXT v=DMARC1; p=reject
	s1._domainkey.example.org TXT %KEY%
	old._domainkey.example.org TXT v=DKIM1; k=ed25519; p=AAAA
	host.example.org A 203.0.113.9
	_spf.example.net TXT v=spf1 ip4:203.0.113.0/28 -all
	_dmarc.example.net TXT v=DMARC1; p=none
	smtp.example.net A 203.0.113.1

	bare.example MX 10 mx.bare.example
	other.example MX 10 mx.other.example
	other.example TXT v=spf1 include:_spf.third.example ~all
	_spf.third.example TXT v=spf1 ip4:203.0.113.200 -all
	_dmarc.other.example TXT v=DMARC1; p=quarantine; aspf=s
	mail.other.example MX 10 mx.other.example
	own.example MX 10 mx.own.example
	own.example TXT v=spf1 mx -all
	mx.own.example A 203.0.113.80
	_dmarc.own.example TXT v=DMARC1; p=reject
	twice.example MX 10 mx.own.example
	twice.example TXT v=spf1 -all
	twice.example TXT v=spf1 +all
	ip.example MX 10 mx.own.example
	ip.example TXT v=spf1 ip4:203.0.113.1 -all
	google.example MX 10 mx.own.example
	google.example TXT v=spf1 include:_spf.google.com ~all
	_spf.google.com TXT v=spf1 ip4:203.0.113.201 ~all
	tested.example MX 10 mx.own.example
	tested.example TXT v=spf1 -all
	_dmarc.tested.example TXT v=DMARC1; p=reject; t=y
	forked.example MX 10 mx.own.example
	forked.example TXT v=spf1 ip4:203.0.113.1 -all
	_dmarc.forked.example TXT v=DMARC1; p=reject
	_dmarc.forked.example TXT v=DMARC1; p=none
	mute.example MX 0 .
	broken.example FAIL
`

// opinions is what check says of the domains of an account, one line each.
func opinions(t *testing.T, sender, from, host string, edit func(*config.Account)) string {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	s := dnstest.New(t, strings.ReplaceAll(mailZone, "%KEY%", dkim.Record(key)), false)
	d := newDomains(dns.Client{Servers: []netip.AddrPort{s.Addr}, Timeout: time.Minute, Attempts: 1}, address.Addr{})
	var err error
	if from != "" {
		if d.from, err = address.Parse(from); err != nil {
			t.Fatal(err)
		}
	}
	who := inject.Who{}
	if sender != "" {
		if who.System, err = address.Parse(sender); err != nil {
			t.Fatal(err)
		}
	}
	a := config.Defaults()
	a.Smarthosts = []route.Smarthost{{Scheme: route.Submission, Host: host, Port: 587}}
	if edit != nil {
		edit(&a)
	}
	p := place{host: host, addresses: []netip.Addr{netip.MustParseAddr("203.0.113.1")}}
	if host == "localhost" {
		p = place{host: host, local: true}
	}
	r := &findings{}
	d.check(t.Context(), r.about(""), &a, who, []place{p})
	var lines []string
	for _, f := range r.all {
		lines = append(lines, f.Line(false))
	}
	return strings.Join(lines, "\n")
}

func signing(t *testing.T, selector, domain string) func(*config.Account) {
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(a *config.Account) { a.DKIM = config.DKIM{Domain: domain, Selector: selector, KeyFile: path} }
}

func TestWhatReceiversWillThinkIsSaidInWords(t *testing.T) {
	for _, tt := range []struct {
		name, sender, from, host string
		edit                     func(*config.Account)
		want                     string
	}{
		{"SPF names those who run the smarthost", "me@example.org", "", "smtp.example.net", nil, `
ok       domain: example.org is in the DNS
ok       spf: the record of example.org names _spf.example.net for smtp.example.net: mail is likely to pass
ok       dmarc: mail from example.org is likely to pass by SPF, as the envelope sender is at example.org; the DMARC record of example.org asks to reject it if it does not pass`},
		{"SPF does not mention it", "me@own.example", "", "smtp.example.net", nil, `
ok       domain: own.example is in the DNS
warning  spf: SPF of own.example does not mention smtp.example.net (-all in the record of own.example); ask those who run smtp.example.net what to add to the record
warning  dmarc: mail from own.example: SPF is not likely to let it pass; it passes too if smtp.example.net signs as own.example, which cannot be known from here; the DMARC record of own.example asks to reject it if it does not pass; mend the SPF record, or sign as own.example: [dkim] in mailchute.toml(5)`},
		{"SPF names the smarthost's address", "me@ip.example", "", "smtp.example.net", nil, `
ok       domain: ip.example is in the DNS
ok       spf: ip.example lets 203.0.113.1 of smtp.example.net send (ip4:203.0.113.1 in the record of ip.example): mail is likely to pass; the address that mail leaves from is known to those who run it alone
ok       dmarc: mail from ip.example is likely to pass by SPF, as the envelope sender is at ip.example; there is no DMARC record, so receivers decide by themselves`},
		{"SPF names somebody else", "me@other.example", "", "smtp.example.net", nil, `
ok       domain: other.example is in the DNS
note     spf: the record of other.example does not name smtp.example.net, but _spf.third.example; whether it sends from there cannot be known from here, as the address that mail leaves from is known to those who run it alone; ask those who run smtp.example.net what to add to the record
note     dmarc: mail from other.example: SPF may let it pass; it passes too if smtp.example.net signs as other.example, which cannot be known from here; the DMARC record of other.example asks to treat it as spam if it does not pass`},
		{"what a large provider wants is known", "me@own.example", "", "smtp.gmail.com", nil, `
ok       domain: own.example is in the DNS
warning  spf: SPF of own.example does not mention smtp.gmail.com (-all in the record of own.example); add include:_spf.google.com to the record, as those who run smtp.gmail.com say
warning  dmarc: mail from own.example: SPF is not likely to let it pass; it passes too if smtp.gmail.com signs as own.example, which cannot be known from here; the DMARC record of own.example asks to reject it if it does not pass; mend the SPF record, or sign as own.example: [dkim] in mailchute.toml(5)`},
		{"and seen", "me@google.example", "", "smtp.gmail.com", nil, `
ok       domain: google.example is in the DNS
ok       spf: the record of google.example names _spf.google.com for smtp.gmail.com: mail is likely to pass
ok       dmarc: mail from google.example is likely to pass by SPF, as the envelope sender is at google.example; there is no DMARC record, so receivers decide by themselves`},
		{"a policy that is tested is told as one", "me@tested.example", "", "smtp.gmail.com", nil, `
ok       domain: tested.example is in the DNS
warning  spf: SPF of tested.example does not mention smtp.gmail.com (-all in the record of tested.example); add include:_spf.google.com to the record, as those who run smtp.gmail.com say
warning  dmarc: mail from tested.example: SPF is not likely to let it pass; it passes too if smtp.gmail.com signs as tested.example, which cannot be known from here; the DMARC record of tested.example is tested and asks to treat it as spam, not yet to reject it, if it does not pass (t=y); mend the SPF record, or sign as tested.example: [dkim] in mailchute.toml(5)`},
		{"no record", "me@bare.example", "", "smtp.example.net", nil, `
ok       domain: bare.example is in the DNS
warning  spf: bare.example has no SPF record: some receivers refuse its mail; publish one as TXT of bare.example, such as "v=spf1 include:... ~all"; ask those who run smtp.example.net what to add to the record
note     dmarc: mail from bare.example: SPF is not likely to let it pass; it passes too if smtp.example.net signs as bare.example, which cannot be known from here; there is no DMARC record, so receivers decide by themselves; mend the SPF record, or sign as bare.example: [dkim] in mailchute.toml(5)`},
		{"a record that nobody can use", "me@twice.example", "", "smtp.example.net", nil, `
ok       domain: twice.example is in the DNS
warning  spf: the SPF record of twice.example is of no use to receivers: twice.example has two SPF records, and receivers use neither; mend it
note     dmarc: mail from twice.example: SPF is not likely to let it pass; it passes too if smtp.example.net signs as twice.example, which cannot be known from here; there is no DMARC record, so receivers decide by themselves; mend the SPF record, or sign as twice.example: [dkim] in mailchute.toml(5)`},
		{"two DMARC records, which are as good as none", "me@forked.example", "", "smtp.example.net", nil, `
ok       domain: forked.example is in the DNS
warning  dmarc: _dmarc.forked.example has more than one DMARC record, so that receivers heed none of them; leave one of them
ok       spf: forked.example lets 203.0.113.1 of smtp.example.net send (ip4:203.0.113.1 in the record of forked.example): mail is likely to pass; the address that mail leaves from is known to those who run it alone
ok       dmarc: mail from forked.example is likely to pass by SPF, as the envelope sender is at forked.example; no DMARC record counts, so receivers decide by themselves`},
		{"a From that the envelope sender is not aligned with", "me@example.org", "a@other.example", "smtp.example.net", nil, `
ok       domain: other.example is in the DNS
ok       domain: example.org is in the DNS
ok       spf: the record of example.org names _spf.example.net for smtp.example.net: mail is likely to pass
warning  dmarc: mail from other.example: the envelope sender is at example.org, which is not aligned (strictly); it passes too if smtp.example.net signs as other.example, which cannot be known from here; the DMARC record of other.example asks to treat it as spam if it does not pass; set identity.address to an address at other.example, or sign as other.example: [dkim] in mailchute.toml(5)`},
		{"alignment within an organization", "me@host.example.org", "a@example.org", "smtp.example.net", nil, `
ok       domain: example.org is in the DNS
ok       domain: host.example.org is in the DNS
warning  spf: host.example.org has no SPF record: some receivers refuse its mail; publish one as TXT of host.example.org, such as "v=spf1 include:... ~all"; ask those who run smtp.example.net what to add to the record
warning  dmarc: mail from example.org: SPF is not likely to let it pass; it passes too if smtp.example.net signs as example.org, which cannot be known from here; the DMARC record of example.org asks to reject it if it does not pass; mend the SPF record, or sign as example.org: [dkim] in mailchute.toml(5)`},
		{"a signature that can be verified", "me@host.example.org", "a@example.org", "smtp.example.net", signing(t, "s1", "example.org"), `
ok       domain: example.org is in the DNS
ok       domain: host.example.org is in the DNS
ok       dkim: the record s1._domainkey.example.org is the other half of the private key
warning  spf: host.example.org has no SPF record: some receivers refuse its mail; publish one as TXT of host.example.org, such as "v=spf1 include:... ~all"; ask those who run smtp.example.net what to add to the record
ok       dmarc: mail from example.org passes by its signature (d=example.org); the DMARC record of example.org asks to reject it if it does not pass`},
		{"one that is published with another key", "me@example.org", "", "localhost", signing(t, "old", "example.org"), `
ok       domain: example.org is in the DNS
warning  dkim: the record old._domainkey.example.org is of no use: its public key is not the other half of the private key; publish this as TXT of old._domainkey.example.org: v=DKIM1; k=ed25519; p=O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=
note     spf: example.org has an SPF record; whether it lets the server behind localhost send cannot be known from here
note     dmarc: mail from example.org: SPF may let it pass; its signature cannot be verified; it passes too if localhost signs as example.org, which cannot be known from here; the DMARC record of example.org asks to reject it if it does not pass`},
		{"one that is not published", "me@own.example", "", "smtp.example.net", signing(t, "s9", "example.org"), `
ok       domain: own.example is in the DNS
warning  dkim: there is no record s9._domainkey.example.org: receivers cannot verify what is signed; publish this as TXT of s9._domainkey.example.org: v=DKIM1; k=ed25519; p=O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=
warning  spf: SPF of own.example does not mention smtp.example.net (-all in the record of own.example); ask those who run smtp.example.net what to add to the record
warning  dmarc: mail from own.example: SPF is not likely to let it pass; it is signed as example.org, which is not aligned; it passes too if smtp.example.net signs as own.example, which cannot be known from here; the DMARC record of own.example asks to reject it if it does not pass; mend the SPF record, or sign as own.example: [dkim] in mailchute.toml(5)`},
		{"a domain that is not there", "me@nowhere.example", "", "smtp.example.net", nil, `
warning  domain: the DNS has no domain nowhere.example: receivers refuse mail from it, and no report can come back; set identity.address to a real mail address, or identity.domain`},
		{"a domain that takes no mail", "me@mute.example", "", "localhost", nil, `
warning  domain: mute.example takes no mail (null MX): no report can come back, and some receivers refuse mail from it; use a domain with a mailbox
warning  spf: mute.example has no SPF record: some receivers refuse its mail; publish one as TXT of mute.example, such as "v=spf1 include:... ~all"; ask those who run localhost what to add to the record
note     dmarc: mail from mute.example: SPF is not likely to let it pass; it passes too if localhost signs as mute.example, which cannot be known from here; there is no DMARC record, so receivers decide by themselves; mend the SPF record, or sign as mute.example: [dkim] in mailchute.toml(5)`},
		{"a name that only this machine knows", "root@host.localdomain", "", "smtp.example.net", nil, `
warning  domain: mail comes from host.localdomain, which no other machine knows: receivers refuse it, and no report can come back; set identity.address to a real mail address, or identity.domain`},
		{"a name server that fails", "me@broken.example", "", "smtp.example.net", nil, `
note     domain: no answer from the name servers, so SPF, DKIM and DMARC were not looked at: DNS: MX of broken.example: the name server failed; is there a network?`},
		{"a pattern that is a domain", "", "", "localhost", func(a *config.Account) { a.Match = []string{"nowhere.example"} }, `
warning  domain: the DNS has no domain nowhere.example: receivers refuse mail from it, and no report can come back; set identity.address to a real mail address, or identity.domain`},
		{"the domains of an account's patterns", "", "", "localhost", func(a *config.Account) { a.Match = []string{"*@own.example", "*.example", "own.example"} }, `
ok       domain: own.example is in the DNS
note     spf: own.example has an SPF record; whether it lets the server behind localhost send cannot be known from here
note     dmarc: mail from own.example: SPF may let it pass; it passes too if localhost signs as own.example, which cannot be known from here; the DMARC record of own.example asks to reject it if it does not pass`},
	} {
		if got := opinions(t, tt.sender, tt.from, tt.host, tt.edit); got != strings.TrimPrefix(tt.want, "\n") {
			t.Errorf("%s:\n%s\nwant:%s", tt.name, got, tt.want)
		}
	}
}

package provider

// Include is what the SPF record of a domain names ("include:") when its mail goes
// out by a smarthost of this name, as those who run it say in their help pages; ""
// when that is not known.
func Include(host string) string {
	for _, e := range []struct{ host, include string }{
		{"gmail.com", "_spf.google.com"},
		{"office365.com", "spf.protection.outlook.com"},
		{"smtp.fastmail.com", "spf.messagingengine.com"},
		{"mail.me.com", "icloud.com"},
		{"protonmail.ch", "_spf.protonmail.ch"},
		{"migadu.com", "spf.migadu.com"},
		{"yandex.com", "_spf.yandex.net"},
		{"amazonaws.com", "amazonses.com"},
		{"mailgun.org", "mailgun.org"},
		{"sendgrid.net", "sendgrid.net"},
		{"postmarkapp.com", "spf.mtasv.net"},
		{"mailjet.com", "spf.mailjet.com"},
	} {
		if below(host, e.host) {
			return e.include
		}
	}
	return ""
}

package provider

// Include is what the SPF record of a domain names ("include:") when its mail goes
// out by a smarthost of this name, as those who run it say in their help pages; ""
// when that is not known.
//
// Amazon SES, SendGrid and Postmark are not among them: they put a sender of their
// own into the envelope, and want a CNAME or an MX at a subdomain for one of yours.
func Include(host string) string {
	for _, e := range []struct{ host, include string }{
		{"gmail.com", "_spf.google.com"},
		{"office365.com", "spf.protection.outlook.com"},
		{"smtp.fastmail.com", "spf.messagingengine.com"},
		{"mail.me.com", "icloud.com"},
		{"protonmail.ch", "_spf.protonmail.ch"},
		{"migadu.com", "spf.migadu.com"},
		{"yandex.com", "_spf.yandex.net"},
		{"mailgun.org", "mailgun.org"},
		{"mailjet.com", "spf.mailjet.com"},
	} {
		if below(host, e.host) {
			return e.include
		}
	}
	return ""
}

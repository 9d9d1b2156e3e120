package provider

// table is the providers. It is made when it is asked for: the way of a message
// never needs it.
func table() []Provider {
	return []Provider{
		{
			Name: "Gmail", Smarthost: "submissions://smtp.gmail.com", OAuth: "google",
			Note:    "Google wants an app password: turn on 2-step verification, then make one at https://myaccount.google.com/apppasswords (16 letters; blanks do not count). Or use a token, which needs a client id of your own: see the README's recipe",
			domains: "gmail.com googlemail.com", exchanger: "google.com",
		},
		{
			Name: "Microsoft 365", Smarthost: "submission://smtp.office365.com", OAuth: "microsoft",
			Note:      "Microsoft 365 takes no plain password where basic authentication is off: use a token, which needs the client id of an app registration; an administrator must allow \"Authenticated SMTP\" for the mailbox",
			exchanger: "mail.protection.outlook.com mx.microsoft",
		},
		{
			Name: "Outlook.com", Smarthost: "submission://smtp-mail.outlook.com", Auth: "XOAUTH2", OAuth: "microsoft",
			Note:    "Outlook.com takes tokens only, which needs the client id of an app registration; passwords and app passwords no longer work for SMTP",
			domains: "outlook.com hotmail.com live.com msn.com outlook.de outlook.fr hotmail.co.uk hotmail.fr", exchanger: "olc.protection.outlook.com",
		},
		{
			Name: "Fastmail", Smarthost: "submissions://smtp.fastmail.com",
			Note:    "Fastmail wants an app password: Settings, Privacy & Security, app passwords; the Basic plan has no SMTP",
			domains: "fastmail.com fastmail.fm messagingengine.com", exchanger: "messagingengine.com",
		},
		{
			Name: "iCloud Mail", Smarthost: "submission://smtp.mail.me.com",
			Note:    "Apple wants an app-specific password: turn on two-factor authentication, then https://account.apple.com, Sign-In and Security",
			domains: "icloud.com me.com mac.com", exchanger: "mail.icloud.com",
		},
		{
			Name: "Yahoo", Smarthost: "submissions://smtp.mail.yahoo.com",
			Note:    "Yahoo wants an app password: https://login.yahoo.com/account/security, Generate app password",
			domains: "yahoo.com ymail.com rocketmail.com yahoo.co.uk yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.ca", exchanger: "yahoodns.net",
		},
		{
			Name: "AOL", Smarthost: "submissions://smtp.aol.com",
			Note:    "AOL wants an app password: https://login.aol.com/account/security, Manage app passwords",
			domains: "aol.com aim.com",
		},
		{
			Name: "GMX", Smarthost: "submissions://mail.gmx.net",
			Note:    "GMX: allow POP3 and IMAP access in the settings first; with two-factor login, make an application-specific password",
			domains: "gmx.net gmx.de gmx.at gmx.ch gmx.org gmx.info",
		},
		{
			Name: "GMX", Smarthost: "submissions://mail.gmx.com",
			Note:    "GMX: allow POP3 and IMAP access in the settings first; with two-factor login, make an application-specific password",
			domains: "gmx.com gmx.us gmx.co.uk gmx.fr gmx.es",
		},
		{
			Name: "WEB.DE", Smarthost: "submission://smtp.web.de",
			Note:    "WEB.DE: allow POP3 and IMAP access in the settings first; with two-factor login, make an application-specific password",
			domains: "web.de email.de",
		},
		{Name: "Posteo", Smarthost: "submissions://posteo.de", Note: "Posteo wants an app password: https://posteo.de/en/help/app-passwords", domains: "posteo.de posteo.net posteo.org posteo.eu", exchanger: "posteo.de"},
		{
			Name: "mailbox.org", Smarthost: "submissions://smtp.mailbox.org",
			Note:    "mailbox.org: with two-factor login, make an application password: All settings, Security, Application passwords",
			domains: "mailbox.org", exchanger: "mailbox.org",
		},
		{
			Name: "Proton Mail", Smarthost: "smtp://127.0.0.1:1025",
			Note:    "Proton Mail is sent through its Bridge on this machine, which comes with the plans that are paid for; port and password are those that the Bridge shows. Its certificate is its own, which does no harm on this machine. With an SMTP token: --smarthost submission://smtp.protonmail.ch",
			domains: "proton.me protonmail.com protonmail.ch pm.me", exchanger: "protonmail.ch",
		},
		{
			Name: "Zoho Mail", Smarthost: "submissions://smtp.zoho.com",
			Note:    "Zoho: allow SMTP in the mail settings; with two-factor login, make an application-specific password. Organisations that pay: --smarthost submissions://smtppro.zoho.com; accounts in Europe: .eu for .com",
			domains: "zoho.com zohomail.com", exchanger: "zoho.com",
		},
		{
			Name: "Zoho Mail", Smarthost: "submissions://smtp.zoho.eu",
			Note:    "Zoho: allow SMTP in the mail settings; with two-factor login, make an application-specific password",
			domains: "zoho.eu zohomail.eu", exchanger: "zoho.eu",
		},
		{
			Name: "Yandex", Smarthost: "submissions://smtp.yandex.com",
			Note:    "Yandex wants an app password: allow mail clients in the settings of the mailbox, then make one in those of the account",
			domains: "yandex.com yandex.ru ya.ru", exchanger: "yandex.net",
		},
		{Name: "Infomaniak", Smarthost: "submissions://mail.infomaniak.com", exchanger: "infomaniak.ch", domains: "ik.me ikmail.com", Note: "Infomaniak: the password is that of the mail address, not that of the account"},
		{
			Name: "Amazon SES", Smarthost: "submission://email-smtp.us-east-1.amazonaws.com", User: OwnName, host: "amazonaws.com",
			Note: "Amazon SES: user and password are SMTP credentials (console: SES, SMTP settings), not an access key; the sender's domain must be verified, and a new account sends to verified addresses only",
		},
		{
			Name: "Mailgun", Smarthost: "submission://smtp.mailgun.org", User: OwnName, host: "mailgun.org",
			Note: "Mailgun: user and password are those of the domain's SMTP credentials; domains in Europe: --smarthost submission://smtp.eu.mailgun.org",
		},
		{
			Name: "SendGrid", Smarthost: "submission://smtp.sendgrid.net", User: FixedName,
			Note: "SendGrid: the user name is the word apikey and the password an API key that may send mail",
		},
		{
			Name: "Resend", Smarthost: "submissions://smtp.resend.com", User: FixedName,
			Note: "Resend: the user name is the word resend and the password an API key",
		},
		{
			Name: "Postmark", Smarthost: "submission://smtp.postmarkapp.com", User: OwnName,
			Note: "Postmark: user and password are both the server API token; the sender must be a confirmed signature",
		},
		{
			Name: "Brevo", Smarthost: "submissions://smtp-relay.brevo.com", User: OwnName,
			Note: "Brevo: user and password stand on the page SMTP & API, the password is an SMTP key, not an API key",
		},
		{
			Name: "Mailjet", Smarthost: "submission://in-v3.mailjet.com", User: OwnName,
			Note: "Mailjet: the user name is the API key and the password the secret key",
		},
	}
}

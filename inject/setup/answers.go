package setup

import (
	"mailchute/headers/address"
	"mailchute/relay/secret"
)

// Answers is what has to be known for a configuration with one account.
type Answers struct {
	Address   address.Addr
	Smarthost string // as mailchute.toml(5) has it
	User      string // "": nobody logs in
	Auth      string // SASL mechanism, "" for the strongest that is offered

	// At most one of these is set.
	Password        secret.Secret
	PasswordFile    string
	PasswordCommand string
	OAuth           OAuth

	Serve     bool // for the local submission server, under its unit for systemd
	Machine   bool // for all users of the machine, not for one
	OwnDomain bool // the domain is not shared with strangers, so bare names may get it
}

// OAuth is a login by token. The zero value is none.
type OAuth struct {
	Provider, ClientID string
	ClientSecretFile   string // "": a client without a secret, or with one that is to be written
	ClientSecret       secret.Secret
}

// Plan makes a configuration of the answers. One mailbox stands for all users of
// a machine: a server takes no sender that is not the one who logged in, and
// programs put names such as www-data@host into -f and From. A user of his own
// writes his own From.
func (a Answers) Plan() *Plan {
	p := New("")
	d := p.Default()
	d.Set("smarthost", a.Smarthost)
	if a.User != "" {
		d.Set("user", a.User)
	}
	if a.Auth != "" && a.OAuth.ClientID == "" {
		d.Set("auth", []string{a.Auth})
	}
	switch {
	case a.PasswordFile != "":
		d.Set("password_file", a.PasswordFile)
	case a.PasswordCommand != "":
		d.Set("password_command", a.PasswordCommand)
	}
	d.Password = a.Password
	if a.Serve {
		d.ClientSecret, a.OAuth.ClientSecret = a.OAuth.ClientSecret, secret.Secret{}
	}
	a.OAuth.set(d)
	if a.Serve {
		d.setWithComment("queue.dir", "/var/lib/mailchute/queue", "the StateDirectory of mailchute.service")
		if a.Password.Reveal() != "" {
			d.setWithComment("password_credential", "smtp", "LoadCredential of mailchute.service")
		}
		if !d.ClientSecret.IsZero() {
			d.setWithComment("oauth.client_secret_credential", "client-secret", "LoadCredential of mailchute.service")
		}
	}
	if a.Address.IsNull() {
		return p
	}
	d.setWithComment("identity.address", a.Address.String(), "the envelope sender")
	if a.OwnDomain {
		d.setWithComment("identity.domain", a.Address.Domain, "for names without a domain")
	}
	if a.Machine && !a.Serve {
		d.setWithComment("identity.trusted", []string{}, "whose -f counts; root's always does")
	}
	if a.Machine {
		d.setWithComment("identity.from", "address", `From too, the old one goes to Reply-To; "keep" leaves it alone`)
	}
	return p
}

// set writes the login by token into an account.
func (o OAuth) set(d *Account) {
	if o.ClientID == "" {
		return
	}
	d.Set("oauth.provider", o.Provider)
	d.Set("oauth.client_id", o.ClientID)
	switch {
	case o.ClientSecretFile != "":
		d.Set("oauth.client_secret_file", o.ClientSecretFile)
	case !o.ClientSecret.IsZero():
		d.Set("oauth.client_secret", o.ClientSecret.Reveal())
	}
}

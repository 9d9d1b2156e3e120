package config

import "time"

// row is one key: the table it stands in, its name, and how its value gets into
// an account. set checks the value in full.
type row struct {
	table, name string
	set         func(a *Account, v any) error
}

// Limits of durations. They only keep out what cannot be meant.
const (
	instant = time.Millisecond
	year    = 366 * day
)

// schema is every key there is, in the order of the manual page. A function
// literal without captured variables costs nothing at start.
var schema = [...]row{
	{"", "match", func(a *Account, v any) (err error) { a.Match, err = patterns(v); return }},
	{"", "smarthost", func(a *Account, v any) (err error) { a.Smarthosts, err = smarthosts(v); return }},
	{"", "user", func(a *Account, v any) (err error) { a.User, err = text(v); return }},
	{"", "password", func(a *Account, v any) (err error) { a.Secret.Text, err = text(v); return }},
	{"", "password_file", func(a *Account, v any) (err error) { a.Secret.File, err = secretPath(v); return }},
	{"", "password_command", func(a *Account, v any) (err error) { a.Secret.Command, err = text(v); return }},
	{"", "password_credential", func(a *Account, v any) (err error) { a.Secret.Credential, err = credential(v); return }},
	{"", "auth", func(a *Account, v any) (err error) { a.Auth, a.AuthOff, err = mechanisms(v); return }},
	{"", "delivery", func(a *Account, v any) (err error) {
		a.Delivery, err = oneOf(v, Sync, Background, Queued)
		return
	}},
	{"", "aliases", func(a *Account, v any) (err error) { a.Aliases, err = path(v); return }},
	{"", "aliases_rewrite_headers", func(a *Account, v any) (err error) { a.AliasesRewriteHeaders, err = boolean(v); return }},
	{"", "source_address", func(a *Account, v any) (err error) { a.SourceAddress, err = ipAddress(v); return }},
	{"", "proxy", func(a *Account, v any) (err error) { a.Proxy, err = proxy(v); return }},

	{"tls", "ca_file", func(a *Account, v any) (err error) { a.TLS.RootsFile, err = path(v); return }},
	{"tls", "client_cert", func(a *Account, v any) (err error) { a.TLS.CertFile, err = path(v); return }},
	{"tls", "client_key", func(a *Account, v any) (err error) { a.TLS.KeyFile, err = path(v); return }},
	{"tls", "fingerprint", func(a *Account, v any) (err error) { a.TLS.Fingerprint, err = fingerprint(v); return }},
	{"tls", "min_version", func(a *Account, v any) (err error) { a.TLS.MinVersion, err = tlsVersion(v); return }},
	{"tls", "server_name", func(a *Account, v any) (err error) { a.TLS.ServerName, err = serverName(v); return }},

	{"identity", "hostname", func(a *Account, v any) (err error) { a.Identity.Hostname, err = hostname(v); return }},
	{"identity", "domain", func(a *Account, v any) (err error) { a.Identity.Domain, err = domain(v); return }},
	{"identity", "address", func(a *Account, v any) (err error) { a.Identity.Address, err = template(v); return }},
	{"identity", "from", func(a *Account, v any) error {
		word, err := oneOf(v, "keep", "address")
		a.Identity.ReplaceFrom = word == "address"
		return err
	}},
	{"identity", "sender", func(a *Account, v any) error {
		word, err := oneOf(v, "identity", "keep")
		a.Identity.KeepSender = word == "keep"
		return err
	}},
	{"identity", "trusted", func(a *Account, v any) (err error) { a.Identity.Trusted, err = texts(v); return }},

	{"queue", "enabled", func(a *Account, v any) (err error) { a.Queue.Enabled, err = boolean(v); return }},
	{"queue", "dir", func(a *Account, v any) (err error) { a.Queue.Dir, err = path(v); return }},
	{"queue", "retry_min", func(a *Account, v any) (err error) { a.Queue.RetryMin, err = duration(v, instant, year); return }},
	{"queue", "retry_max", func(a *Account, v any) (err error) { a.Queue.RetryMax, err = duration(v, instant, year); return }},
	{"queue", "expire", func(a *Account, v any) (err error) { a.Queue.Expire, err = duration(v, instant, year); return }},
	{"queue", "warn_after", func(a *Account, v any) (err error) {
		a.Queue.WarnAfter, err = durationOrNever(v, instant, year)
		return
	}},
	{"queue", "keep_failed", func(a *Account, v any) (err error) { a.Queue.KeepFailed, err = duration(v, instant, 10*year); return }},
	{"queue", "workers", func(a *Account, v any) (err error) { a.Queue.Workers, err = integer(v, 1, 1000); return }},

	{"redirect", "follow", func(a *Account, v any) (err error) {
		a.Redirect.Follow, err = oneOf(v, "verified", "always", "never")
		return
	}},
	{"redirect", "codes", func(a *Account, v any) (err error) { a.Redirect.Codes, err = redirectCodes(v); return }},
	{"redirect", "via", func(a *Account, v any) (err error) {
		a.Redirect.Via, err = oneOf(v, "auto", "smarthost", "mx")
		return
	}},
	{"redirect", "max_hops", func(a *Account, v any) (err error) { a.Redirect.MaxHops, err = integer(v, 0, 100); return }},
	{"redirect", "remember", func(a *Account, v any) (err error) { a.Redirect.Remember, err = boolean(v); return }},
	{"redirect", "allow_domains", func(a *Account, v any) (err error) { a.Redirect.AllowDomains, err = domains(v); return }},
	{"redirect", "on_redirect", func(a *Account, v any) (err error) { a.Redirect.OnRedirect, err = text(v); return }},

	{"timeouts", "connect", func(a *Account, v any) (err error) { a.Timeouts.Connect, err = duration(v, instant, day); return }},
	{"timeouts", "greeting", func(a *Account, v any) (err error) { a.Timeouts.Greeting, err = duration(v, instant, day); return }},
	{"timeouts", "mail", func(a *Account, v any) (err error) { a.Timeouts.Mail, err = duration(v, instant, day); return }},
	{"timeouts", "rcpt", func(a *Account, v any) (err error) { a.Timeouts.Rcpt, err = duration(v, instant, day); return }},
	{"timeouts", "data", func(a *Account, v any) (err error) { a.Timeouts.Data, err = duration(v, instant, day); return }},
	{"timeouts", "block", func(a *Account, v any) (err error) { a.Timeouts.Block, err = duration(v, instant, day); return }},
	{"timeouts", "final", func(a *Account, v any) (err error) { a.Timeouts.Final, err = duration(v, instant, day); return }},

	{"log", "to", func(a *Account, v any) (err error) { a.Log.To, err = logTarget(v); return }},
	{"log", "format", func(a *Account, v any) (err error) { a.Log.Format, err = oneOf(v, "text", "json"); return }},

	{"serve", "listen", func(a *Account, v any) (err error) { a.Serve.Listen, err = listeners(v); return }},
	{"serve", "users", func(a *Account, v any) (err error) { a.Serve.Users, err = users(v); return }},
	{"serve", "max_size", func(a *Account, v any) (err error) { a.Serve.MaxSize, err = size(v); return }},
	{"serve", "max_recipients", func(a *Account, v any) (err error) { a.Serve.MaxRecipients, err = integer(v, 100, 1_000_000); return }},
	{"serve", "messages_per_minute", func(a *Account, v any) (err error) {
		a.Serve.MessagesPerMinute, err = integer(v, 0, 1_000_000)
		return
	}},
	{"serve", "connections_per_minute", func(a *Account, v any) (err error) {
		a.Serve.ConnectionsPerMinute, err = integer(v, 0, 1_000_000)
		return
	}},
	{"serve", "metrics", func(a *Account, v any) (err error) { a.Serve.Metrics, err = metrics(v); return }},

	{"dkim", "domain", func(a *Account, v any) (err error) { a.DKIM.Domain, err = domain(v); return }},
	{"dkim", "selector", func(a *Account, v any) (err error) { a.DKIM.Selector, err = serverName(v); return }},
	{"dkim", "key_file", func(a *Account, v any) (err error) { a.DKIM.KeyFile, err = path(v); return }},

	{"oauth", "provider", func(a *Account, v any) (err error) { a.OAuth.Provider, err = provider(v); return }},
	{"oauth", "tenant", func(a *Account, v any) (err error) { a.OAuth.Tenant, err = tenant(v); return }},
	{"oauth", "client_id", func(a *Account, v any) (err error) { a.OAuth.ClientID, err = text(v); return }},
	{"oauth", "client_secret", func(a *Account, v any) (err error) { a.OAuth.ClientSecret.Text, err = text(v); return }},
	{"oauth", "client_secret_file", func(a *Account, v any) (err error) { a.OAuth.ClientSecret.File, err = secretPath(v); return }},
	{"oauth", "client_secret_credential", func(a *Account, v any) (err error) { a.OAuth.ClientSecret.Credential, err = credential(v); return }},
	{"oauth", "client_secret_command", func(a *Account, v any) (err error) { a.OAuth.ClientSecret.Command, err = text(v); return }},
	{"oauth", "scope", func(a *Account, v any) (err error) { a.OAuth.Scope, err = text(v); return }},
	{"oauth", "authorization_endpoint", func(a *Account, v any) (err error) { a.OAuth.Authorization, err = endpoint(v); return }},
	{"oauth", "token_endpoint", func(a *Account, v any) (err error) { a.OAuth.Token, err = endpoint(v); return }},
	{"oauth", "device_endpoint", func(a *Account, v any) (err error) { a.OAuth.Device, err = endpoint(v); return }},
	{"oauth", "revocation_endpoint", func(a *Account, v any) (err error) { a.OAuth.Revocation, err = endpoint(v); return }},
	{"oauth", "token_file", func(a *Account, v any) (err error) { a.OAuth.TokenFile, err = secretPath(v); return }},
	{"oauth", "load_command", func(a *Account, v any) (err error) { a.OAuth.Load, err = text(v); return }},
	{"oauth", "save_command", func(a *Account, v any) (err error) { a.OAuth.Save, err = text(v); return }},
}

// lookup is the row of a key, nil when there is none.
func lookup(table, name string) *row {
	for i := range schema {
		if r := &schema[i]; r.name == name && r.table == table {
			return r
		}
	}
	return nil
}

// isTable tells whether name is a table that an account can have.
func isTable(name string) bool {
	for i := range schema {
		if name != "" && schema[i].table == name {
			return true
		}
	}
	return false
}

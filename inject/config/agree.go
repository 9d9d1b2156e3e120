package config

import (
	"slices"
	"strings"
)

// agree checks what one key means to another. Only an account that names one of
// the keys is checked, so that a mistake at the top level is told once.
func (w *walk) agree(a *Account, path []string, in map[string]any) {
	if set := sources(in); len(set) > 1 {
		w.wrong(path, set[1], problem{"there is " + set[0] + " already", "name one source of the password"})
	}
	w.complete(path, in, "tls", []string{"client_cert", "client_key"}, []string{a.TLS.CertFile, a.TLS.KeyFile})
	w.complete(path, in, "dkim", []string{"domain", "selector", "key_file"}, []string{a.DKIM.Domain, a.DKIM.Selector, a.DKIM.KeyFile})
	if key := named(in, "queue", "retry_max", "retry_min"); key != "" && a.Queue.RetryMin > a.Queue.RetryMax {
		w.wrong(append(slices.Clone(path), "queue"), key,
			wrong("retry_min (%s) is longer than retry_max (%s)", Spell(a.Queue.RetryMin), Spell(a.Queue.RetryMax)))
	}
	if key := named(in, "serve", "metrics", "listen"); key != "" && slices.Contains(a.Serve.Listen, a.Serve.Metrics) {
		w.wrong(append(slices.Clone(path), "serve"), key, wrong("listen and metrics are the same socket, %s", quote(a.Serve.Metrics.String())))
	}
	w.token(a, path, in)
	w.login(a, path, in)
}

// token checks what [oauth] needs to be of use.
func (w *walk) token(a *Account, path []string, in map[string]any) {
	table, _ := in["oauth"].(map[string]any)
	if len(table) == 0 {
		return
	}
	o, at := a.OAuth, append(slices.Clone(path), "oauth")
	var set []string
	for _, key := range clientSecretKeys {
		if v, ok := table[key]; ok && v != "" {
			set = append(set, key)
		}
	}
	if len(set) > 1 {
		w.wrong(at, set[1], problem{"there is " + set[0] + " already", "name one source of the client secret"})
	}
	w.complete(path, in, "oauth", []string{"load_command", "save_command"}, []string{o.Load, o.Save})
	switch passwords := sources(in); {
	case len(passwords) > 0:
		w.wrong(path, passwords[0], problem{"there is [oauth] too", "log in by password or by token"})
	case o.ClientID == "":
		w.wrong(path, "oauth", problem{"needs client_id", "the provider gives one to who registers a program, see mailchute.toml(5)"})
	case o.Provider == "" && (o.Token == "" || o.Device == "" && o.Authorization == ""):
		w.wrong(path, "oauth", problem{"needs provider, or token_endpoint and one of device_endpoint and authorization_endpoint", ""})
	case o.Provider == "" && o.Scope == "":
		w.wrong(path, "oauth", problem{"needs scope", "what the server calls the permission to send mail"})
	}
}

// complete demands all keys of a group or none.
func (w *walk) complete(path []string, in map[string]any, table string, keys, values []string) {
	i := slices.Index(values, "")
	if i < 0 || strings.Join(values, "") == "" {
		return
	}
	if key := named(in, table, keys...); key != "" {
		w.wrong(append(slices.Clone(path), table), key, wrong("needs %s.%s too", table, keys[i]))
	}
}

// login doubts half a login: it is no mistake, since an account may complete it.
func (w *walk) login(a *Account, path []string, in map[string]any) {
	key := ""
	var p problem
	switch set := sources(in); {
	case a.AuthOff || len(path) == 0 && in["account"] != nil:
		return
	case a.User == "" && len(set) > 0:
		key, p = set[0], problem{"is not used", "there is no user"}
	case a.User == "" && in["oauth"] != nil:
		key, p = "oauth", problem{"is not used", "there is no user"}
	case a.User != "" && a.Secret.IsZero() && a.OAuth.ClientID == "" && a.Auth == nil && in["user"] != nil:
		key, p = "user", problem{"has no password", "set password_file, password_command, password_credential or [oauth], or take it away"}
	default:
		return
	}
	w.doubts = append(w.doubts, mistake{append(slices.Clone(path), key), p})
}

// clientSecretKeys is the keys that say where the client secret is.
var clientSecretKeys = [...]string{"client_secret", "client_secret_file", "client_secret_command", "client_secret_credential"}

// sourceKeys is the keys that say where the password is.
var sourceKeys = [...]string{"password", "password_file", "password_command", "password_credential"}

// sources is those of sourceKeys that are in a table. An empty one says nothing.
func sources(in map[string]any) []string {
	var set []string
	for _, key := range sourceKeys {
		if v, ok := in[key]; ok && v != "" {
			set = append(set, key)
		}
	}
	return set
}

// named is the first of the keys that the table inside in names, "" when it
// names none.
func named(in map[string]any, table string, keys ...string) string {
	sub, _ := in[table].(map[string]any)
	for _, key := range keys {
		if _, ok := sub[key]; ok {
			return key
		}
	}
	return ""
}

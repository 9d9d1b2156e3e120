package config

import (
	"strings"

	"mailchute/relay/oauth"
	"mailchute/relay/secret"
	"mailchute/relay/web"
)

// replace takes out of an inherited [oauth] what the account's own replaces as a
// whole: a client secret belongs to its client, a token to its file, an endpoint to
// its server.
func (o *OAuth) replace(own any) {
	in, _ := own.(map[string]any)
	names := func(keys ...string) bool {
		for _, key := range keys {
			if in[key] != nil {
				return true
			}
		}
		return false
	}
	if names("client_id") || names(clientSecretKeys[:]...) {
		o.ClientSecret = secret.Source{}
	}
	if names("token_file", "load_command", "save_command") {
		o.TokenFile, o.Load, o.Save = "", "", ""
	}
	if names("provider") {
		*o = OAuth{ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenFile: o.TokenFile, Load: o.Load, Save: o.Save}
	}
}

// provider is a name that is known, or "".
func provider(v any) (string, error) {
	s, err := text(v)
	if err != nil || s == "" {
		return s, err
	}
	if _, known := oauth.Known(s, ""); !known {
		return "", problem{"is not known: " + quote(s), "there are " + strings.Join(oauth.Providers(), ", ") + "; all others need token_endpoint and device_endpoint or authorization_endpoint"}
	}
	return s, nil
}

// tenant is an identifier or a domain: one element of a path.
func tenant(v any) (string, error) {
	s, err := text(v)
	if err == nil && strings.ContainsFunc(s, func(r rune) bool { return !isBare(r) && r != '.' }) || s == "." || s == ".." {
		return "", problem{"is no tenant: " + quote(s), "write its identifier or its domain"}
	}
	return s, err
}

// endpoint is the address of an endpoint, or "".
func endpoint(v any) (string, error) {
	s, err := text(v)
	if err == nil && s != "" {
		err = web.Check(s)
	}
	return s, err
}

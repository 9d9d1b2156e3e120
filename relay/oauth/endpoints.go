package oauth

import (
	"net"
	"net/url"
	"strings"
)

// Endpoints is the addresses of an authorization server, and how it wants to be
// asked. An empty address is an endpoint that it does not have.
type Endpoints struct {
	Authorization string // RFC 6749 section 3.1
	Token         string // RFC 6749 section 3.2
	Device        string // RFC 8628 section 3.1
	Revocation    string // RFC 7009

	// LoopbackHost is what the address that a browser comes back to begins with,
	// where the server takes another than 127.0.0.1.
	LoopbackHost string
}

// Provider is an authorization server that is known by name.
type Provider struct {
	Endpoints
	Scope string // what sending mail needs
	Note  string // why there is no device endpoint, "" where there is one
}

// Providers is the names that Known knows.
func Providers() []string { return []string{"google", "microsoft"} }

// Known is the provider of a name. The tenant is Microsoft's: that of an
// organization, or "common", "organizations" or "consumers"; "" is "common".
//
// Google: https://developers.google.com/identity/protocols/oauth2/native-app and
// https://developers.google.com/gmail/xoauth2_protocol. Its device flow knows a
// short list of scopes, and mail is not among them.
//
// Microsoft: https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
// and https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code.
// It takes any port with localhost, and none with 127.0.0.1 that was not
// registered; it has no endpoint to revoke a token.
func Known(name, tenant string) (Provider, bool) {
	switch name {
	case "google":
		return Provider{
			Endpoints: Endpoints{
				// The query asks for a refresh token, at a second login too.
				Authorization: "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent",
				Token:         "https://oauth2.googleapis.com/token",
				Revocation:    "https://oauth2.googleapis.com/revoke",
			},
			Scope: "https://mail.google.com/",
			Note:  "Google does not give out mail tokens by device code",
		}, true
	case "microsoft":
		if tenant == "" {
			tenant = "common"
		}
		base := "https://login.microsoftonline.com/" + url.PathEscape(tenant) + "/oauth2/v2.0/"
		return Provider{
			Endpoints: Endpoints{
				Authorization: base + "authorize", Token: base + "token", Device: base + "devicecode", LoopbackHost: "localhost",
			},
			Scope: "https://outlook.office.com/SMTP.Send offline_access",
		}, true
	}
	return Provider{}, false
}

// hostOf is the host of an address, for people.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// loopback is the address that a browser comes back to on a port.
func (e *Endpoints) loopback(port string) string {
	host := e.LoopbackHost
	if host == "" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

package check

import (
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/aliases"
	"mailchute/inject/config"
	"mailchute/relay/dkim"
	"mailchute/relay/secret"
)

// checkFiles looks at the files with secrets in them.
func checkFiles(at about, a *config.Account) {
	files := []struct{ key, path string }{{"tls.client_key", a.TLS.KeyFile}, {"dkim.key_file", a.DKIM.KeyFile}}
	if !a.AuthOff {
		files = append(files, struct{ key, path string }{"password_file", a.Secret.File})
	}
	for _, f := range files {
		if f.path == "" {
			continue
		}
		warning, err := secret.Check(f.path)
		switch {
		case err != nil:
			at.error("permissions", exit.Config, f.key+": "+err.Error(), "")
		case errors.Is(unix.Access(f.path, unix.R_OK), fs.ErrPermission):
			at.error("permissions", exit.NoPerm, fmt.Sprintf("%s: this user cannot read %q, so nothing can be sent", f.key, f.path), voice.HintNotReadable)
		case warning != "":
			at.warn("permissions", f.key+": "+warning, "")
		default:
			at.ok("permissions", fmt.Sprintf("%s: %q can be read by its owner alone", f.key, f.path))
		}
	}
	if a.DKIM.KeyFile != "" {
		checkKey(at, a.DKIM)
	}
}

// checkKey reads the key that signs, and says where its other half must be.
func checkKey(at about, k config.DKIM) {
	key, err := (&dkim.Signer{KeyFile: k.KeyFile}).Key()
	if err != nil {
		at.error("signature", exit.Config, err.Error(), "openssl genpkey -algorithm ed25519 makes one")
		return
	}
	kind := "a key"
	switch k := key.(type) {
	case ed25519.PrivateKey:
		kind = "an Ed25519 key"
	case *rsa.PrivateKey:
		kind = fmt.Sprintf("an RSA key of %d bits", k.N.BitLen())
	}
	at.ok("signature", fmt.Sprintf("%s; its public half belongs to %s._domainkey.%s", kind, k.Selector, k.Domain))
}

// identity tells who mail comes from.
func identity(at about, a *config.Account, w inject.World) inject.Who {
	who, err := wire.Rules(a).Identity.Resolve(w)
	if err != nil {
		at.error("identity", exit.Config, err.Error(), "")
		return who
	}
	if who.Hostname == "" {
		at.warn("identity", "this host has no qualified name, so EHLO says an address",
			"set identity.hostname, or put the name into /etc/hosts in front of the short one")
	} else {
		at.ok("identity", "EHLO says "+who.Hostname)
	}
	switch s := who.System; {
	case s.IsNull() && who.Domain == "":
		at.warn("identity", "no domain is known, so "+w.Login+" becomes "+who.Fallback.String(), "set identity.domain or identity.address")
	case s.IsNull():
		at.ok("identity", "the envelope sender is the From address; names without a domain are at "+who.Domain)
	default:
		at.ok("identity", "mail of "+w.Login+" comes from "+s.String()+"; names without a domain are at "+who.Fallback.Domain)
	}
	return who
}

// checkAliases reads the aliases as -bi does.
func checkAliases(at about, f *face.Call, a *config.Account, who inject.Who) {
	table, path, err := f.Aliases(a)
	switch {
	case err != nil:
		at.error("aliases", exit.Config, err.Error(), "")
		return
	case table == nil:
		at.ok("aliases", "none")
		return
	}
	errs := table.Check()
	for _, e := range errs {
		at.error("aliases", exit.Config, e.Error(), "")
	}
	if len(errs) == 0 {
		at.ok("aliases", fmt.Sprintf("%s, %d of them", path, table.Len()))
	}
	tellUnread(at, table, path, who.Fallback.Domain)
}

// tellUnread names the mailboxes that every machine writes to and nobody may read.
func tellUnread(at about, table *aliases.Table, path, domain string) {
	var unread []string
	for _, name := range []string{"root", "postmaster"} {
		if _, found := table.Expand(name, func(string) bool { return false }); !found {
			unread = append(unread, name)
		}
	}
	if unread != nil && at.isFirst(path) {
		at.note("aliases", "mail for "+strings.Join(unread, " and ")+" goes to mailboxes of that name at "+domain+"; somebody should read them",
			"a line such as \""+unread[0]+": you@example.org\" in "+path+" sends it elsewhere")
	}
}

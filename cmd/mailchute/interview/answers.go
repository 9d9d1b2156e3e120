package interview

import (
	"context"
	"fmt"
	"strings"

	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/inject/setup"
	"mailchute/inject/setup/provider"
	"mailchute/relay/route"
	"mailchute/relay/sasl"
)

// answers takes them from the flags, and asks for what these do not say.
func (i *initialization) answers(ctx context.Context) (a setup.Answers, err error) {
	if i.Auth != "" && !sasl.Known(i.Auth) {
		return a, &usageTrouble{fmt.Sprintf("--auth %q is not known; there are %s", i.Auth, strings.Join(sasl.Names(), " "))}
	}
	a.Serve, a.Machine, a.Auth = i.Serve, i.machine, strings.ToUpper(i.Auth)
	if a.Address, err = i.address(ctx); err != nil {
		return a, err
	}
	_, shared := provider.ByDomain(a.Address.Domain)
	a.OwnDomain = !shared
	server, err := i.server(ctx, a.Address.Domain)
	if err != nil {
		return a, err
	}
	a.Smarthost = server.smarthost
	if server.provider.Note != "" {
		fmt.Fprintf(i.Stderr, "  %s.\n", server.provider.Note)
	}
	if a.Auth == "" {
		a.Auth = server.provider.Auth
	}
	return a, i.login(ctx, &a, server)
}

// address is whom to send as.
func (i *initialization) address(ctx context.Context) (address.Addr, error) {
	if i.Address != "" {
		a, err := address.Parse(i.Address)
		if err == nil {
			err = fittingAddress(a)
		}
		return a, err
	}
	for {
		text, err := i.ask.line(ctx, "Mail address to send as", "", "--address")
		if err != nil {
			return address.Addr{}, err
		}
		a, err := address.Parse(text)
		if err != nil || a.Domain == "" {
			i.voice.Say("%q is no address with a domain", text)
		} else if err := fittingAddress(a); err != nil {
			i.voice.Say("%q: %v", text, err)
		} else {
			return a, nil
		}
	}
}

// server is where mail goes: as a flag says, or as is found and agreed to.
func (i *initialization) server(ctx context.Context, domain string) (found, error) {
	if i.Smarthost != "" {
		return i.named(i.Smarthost)
	}
	fmt.Fprintf(i.Stderr, "Looking for the server of %s ...\n", voice.Printable(domain))
	f := i.lookups.find(ctx, domain)
	switch {
	case f.smarthost == "" && i.ask.nobody && f.by != "":
		return f, &usageTrouble{f.by + ": give --smarthost if another server takes its mail"}
	case f.smarthost == "" && i.ask.nobody:
		return f, &usageTrouble{fmt.Sprintf("no server for mail from %s was found: give --smarthost", domain)}
	case f.smarthost != "":
		fmt.Fprintf(i.Stderr, "Found %s, by %s.\n", voice.Printable(f.smarthost), voice.Printable(f.by))
	case f.by != "":
		fmt.Fprintf(i.Stderr, "Found none: %s. Is there another one that takes its mail?\n", voice.Printable(f.by))
	default:
		fmt.Fprintln(i.Stderr, "Found none. The provider's help pages call it the outgoing or SMTP server.")
	}
	if f.hearsay && i.ask.nobody && !i.Yes {
		return f, &usageTrouble{fmt.Sprintf("%s is not in the domain %s, and DNS alone says so: give --smarthost, or --yes to agree", f.smarthost, domain)}
	}
	for {
		text, err := i.ask.line(ctx, "Server", f.smarthost, "--smarthost")
		if err != nil || text == f.smarthost {
			return f, err
		}
		other, err := i.named(text)
		if err == nil {
			return other, nil
		}
		i.voice.Say("%v", err)
	}
}

// named is a server that somebody named.
func (i *initialization) named(text string) (found, error) {
	s, err := route.ParseSmarthost(text)
	if err != nil {
		return found{}, &usageTrouble{err.Error()}
	}
	f := found{smarthost: text}
	f.provider, _ = provider.ByHost(s.Host)
	return f, nil
}

package interview

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"mailchute/cmd/mailchute/check"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject/config"
	"mailchute/inject/setup"
	"mailchute/inject/setup/foreign"
	"mailchute/relay/route/dns"
)

// answer is a flag that was given and answers what --from answers, "" for none.
func (c *Command) answer() string {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--address", c.Address != ""}, {"--smarthost", c.Smarthost != ""}, {"--user", c.User != ""},
		{"--password-file", c.PasswordFile != ""}, {"--password-command", c.PasswordCommand != ""}, {"--no-login", c.NoLogin},
		{"--client-id", c.ClientID != ""}, {"--client-secret-file", c.ClientSecret != ""}, {"--auth", c.Auth != ""},
	} {
		if flag.given {
			return flag.name
		}
	}
	return ""
}

// translate is init --from. What another program worked with is written before
// it is tried: a server that is away does not make it wrong.
func (i *initialization) translate(ctx context.Context) (exit.Status, error) {
	plan, err := foreign.Read(i.From, i.world(ctx))
	if err != nil {
		return 0, err
	}
	draft, err := i.draft(plan)
	if err != nil {
		return 0, err
	}
	for _, n := range plan.SortedNotes() {
		fmt.Fprintf(i.Stdout, "note     %s\n", voice.Printable(n.String()))
	}
	i.translateRoot(plan)
	status, err := i.finish(ctx, draft, plan.Default().Get("identity.address"))
	if err != nil || status != exit.OK {
		return status, err
	}
	if status = check.Files(draft.config.All(), i.find); status != exit.OK {
		return status, nil
	}
	if i.Offline && draft.config.Default.Smarthosts == nil {
		fmt.Fprintf(i.Stdout, "error    no smarthost could be taken over: before mail can be sent, write one into %s\n", voice.Printable(i.path))
		return exit.Config, nil
	}
	if i.Offline {
		return exit.OK, nil
	}
	return i.try(ctx, draft), nil
}

// world is where the other configuration is read: with an answer from the DNS, if it
// may be asked.
func (i *initialization) world(ctx context.Context) foreign.World {
	w := foreign.World{Home: cmp.Or(i.Getenv("HOME"), i.who.Home)}
	if i.Offline {
		return w
	}
	w.Exchangers = func(domain string) (hosts []string, err error) {
		ctx, cancel := context.WithTimeout(ctx, lookupTime)
		defer cancel()
		answer, err := i.DNS.MX(ctx, domain)
		if trouble := (*dns.Error)(nil); errors.As(err, &trouble) && trouble.NotFound {
			return nil, nil
		}
		for _, mx := range answer.Records {
			hosts = append(hosts, mx.Host)
		}
		return hosts, err
	}
	return w
}

// translateRoot is who got the mail for root, unless --root says it.
func (i *initialization) translateRoot(plan *setup.Plan) {
	switch {
	case i.Root != "" || plan.Root == "":
	case targets(plan.Root) != nil:
		fmt.Fprintf(i.Stdout, "note     mail for root went to %s, which is no mail address; --root adds an alias\n", voice.Printable(plan.Root))
	case i.path == config.System:
		i.Root = plan.Root
	default:
		fmt.Fprintf(i.Stdout, "note     mail for root went to %s; --root %[1]s adds that alias\n", voice.Printable(plan.Root))
	}
}

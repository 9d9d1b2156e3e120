package check

import (
	"context"
	"errors"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/dkim"
	"mailchute/relay/dmarc"
	"mailchute/relay/route/dns"
)

// judge says what receivers will think of mail from an author.
func (d *domains) judge(ctx context.Context, at about, a *config.Account, who inject.Who, by author, places []place) (err error) {
	o := opinion{signs: a.DKIM.KeyFile != ""}
	if o.author, err = d.organization(ctx, by.from); err != nil {
		return err
	}
	if o.sender, err = d.organization(ctx, by.sender); err != nil {
		return err
	}
	if o.signs {
		if o.signer, err = d.organization(ctx, aLabels(a.DKIM.Domain)); err != nil {
			return err
		}
		if o.verified, err = d.published(ctx, at, a.DKIM); err != nil {
			return err
		}
	}
	if twice := o.author.Several; twice != "" {
		at.warn("dmarc", "_dmarc."+twice+" has more than one DMARC record, so that receivers heed none of them", "leave one of them")
	}
	if len(places) == 0 {
		at.note("dmarc", "no smarthost was found, so nobody can say where mail from "+by.from+" will come from", "")
		return nil
	}
	o.spf, o.through = likely, places[0].host
	for _, p := range places {
		s, err := d.spf(ctx, by.sender, who, p)
		if err != nil {
			return err
		}
		if c := s.tell(at); c < o.spf {
			o.spf, o.through = c, p.host
		}
	}
	level, text, hint := o.verdict()
	at.say(level, "dmarc", text, hint, exit.OK)
	return nil
}

// published says whether receivers can verify what is signed.
func (d *domains) published(ctx context.Context, at about, k config.DKIM) (bool, error) {
	key, err := (&dkim.Signer{KeyFile: k.KeyFile}).Key()
	if err != nil {
		return false, nil // that was said already
	}
	name := k.Selector + "._domainkey." + aLabels(k.Domain)
	publish := "publish this as TXT of " + name + ": " + dkim.Record(key)
	answer, err := d.dns.TXT(ctx, name)
	var missing *dns.Error
	switch {
	case errors.As(err, &missing) && missing.NotFound, err == nil && len(answer.Records) == 0:
		at.warn("dkim", "there is no record "+name+": receivers cannot verify what is signed", publish)
		return false, nil
	case err != nil:
		return false, err
	}
	for _, text := range answer.Records {
		if err = dkim.CheckRecord(text, key); err == nil {
			at.ok("dkim", "the record "+name+" is the other half of the private key")
			return true, nil
		}
	}
	at.warn("dkim", "the record "+name+" is of no use: "+err.Error(), publish)
	return false, nil
}

// opinion is what is known of mail from one author.
type opinion struct {
	author, sender, signer dmarc.Found
	signs, verified        bool // messages are signed here, and receivers can verify it
	spf                    chance
	through                string // the host on the way with the least chance
}

// verdict is whether DMARC lets the mail pass: a domain that SPF or DKIM has
// authenticated must be aligned with the author's, RFC 9989 section 5.3.5.
func (o opinion) verdict() (level, text, hint string) {
	mail := "mail from " + o.author.Domain
	bySPF := dmarc.Aligned(o.author.Record.StrictSPF, o.sender, o.author)
	byDKIM := o.signs && dmarc.Aligned(o.author.Record.StrictDKIM, o.signer, o.author)
	switch {
	case byDKIM && o.verified:
		return levelOK, mail + " passes by its signature (d=" + o.signer.Domain + "); " + o.demand(), ""
	case bySPF && o.spf == likely:
		return levelOK, mail + " is likely to pass by SPF, as the envelope sender is at " + o.sender.Domain + "; " + o.demand(), ""
	}
	var why []string
	switch {
	case !bySPF:
		why = append(why, "the envelope sender is at "+o.sender.Domain+", which is not aligned"+strictly(o.author.Record.StrictSPF))
		hint = "set identity.address to an address at " + o.author.Domain + ", or sign as " + o.author.Domain + ": [dkim] in mailchute.toml(5)"
	case o.spf == undecided:
		why = append(why, "SPF may let it pass")
	default:
		why = append(why, "SPF is not likely to let it pass")
		hint = "mend the SPF record, or sign as " + o.author.Domain + ": [dkim] in mailchute.toml(5)"
	}
	switch {
	case o.signs && !byDKIM:
		why = append(why, "it is signed as "+o.signer.Domain+", which is not aligned"+strictly(o.author.Record.StrictDKIM))
	case o.signs:
		why = append(why, "its signature cannot be verified")
	}
	text = mail + ": " + strings.Join(why, "; ") + "; it passes too if " + o.through + " signs as " + o.author.Domain + ", which cannot be known from here; " + o.demand()
	if demand := o.author.Demand(); bySPF && o.spf == undecided || demand == "" || demand == "none" {
		return levelNote, text, hint
	}
	return levelWarning, text, hint
}

func strictly(strict bool) string {
	if strict {
		return " (strictly)"
	}
	return ""
}

// demand is what receivers are asked to do with mail that does not pass.
func (o opinion) demand() string {
	switch {
	case o.author.Record.Testing && o.author.Published() == "reject":
		return "the DMARC record of " + o.author.At + " is tested and asks to treat it as spam, not yet to reject it, if it does not pass (t=y)"
	case o.author.Record.Testing && o.author.Published() == "quarantine":
		return "the DMARC record of " + o.author.At + " is tested and asks for nothing yet if it does not pass (t=y)"
	}
	switch o.author.Demand() {
	case "":
		if o.author.Several != "" {
			return "no DMARC record counts, so receivers decide by themselves"
		}
		return "there is no DMARC record, so receivers decide by themselves"
	case "none":
		return "the DMARC record of " + o.author.At + " asks for nothing if it does not pass (p=none)"
	case "quarantine":
		return "the DMARC record of " + o.author.At + " asks to treat it as spam if it does not pass"
	}
	return "the DMARC record of " + o.author.At + " asks to reject it if it does not pass"
}

package check

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"mailchute/inject"
	"mailchute/inject/setup/provider"
	"mailchute/relay/spf"
)

// chance is how likely SPF lets mail pass. Certain it never is: the address that
// mail leaves the smarthost from is known to those who run it.
type chance int

// The chances, in their order.
const (
	unlikely chance = iota
	undecided
	likely
)

// sendersRecord is what SPF says of one domain and one place.
type sendersRecord struct {
	domain  string // of the envelope sender
	place   place
	answers []spf.Answer // for each of the place's addresses that was asked about
	asked   []netip.Addr
	related string // a name in the record that belongs to those who run the place
	include string // what those who run it want in the record; "": not known
	foreign []string
}

// somewhere stands for the address of a server when none is known: no record
// names it (RFC 5737).
var somewhere = netip.AddrFrom4([4]byte{192, 0, 2, 1})

// spf asks what the record of the sender's domain says of a place.
func (d *domains) spf(ctx context.Context, sender string, who inject.Who, p place) (sendersRecord, error) {
	s := sendersRecord{domain: sender, place: p, include: provider.Include(p.host)}
	s.asked = oneOfEach(p.addresses)
	if p.local || len(s.asked) == 0 {
		s.asked = []netip.Addr{somewhere}
	}
	for _, ip := range s.asked {
		a := spf.Check(ctx, &d.dns, spf.Query{IP: ip, Domain: sender, Local: who.System.Local, Hello: p.host})
		if a.Result == spf.TempError {
			return s, errors.New(a.Reason)
		}
		s.answers = append(s.answers, a)
	}
	owner, err := d.owner(ctx, p.host)
	if err != nil {
		return s, err
	}
	own, err := d.organization(ctx, sender)
	if err != nil {
		return s, err
	}
	for _, name := range s.answers[0].Names {
		switch {
		case s.include != "" && within(name, s.include), owner != "" && within(name, owner):
			s.related = name
		case !within(name, own.Organization):
			s.foreign = append(s.foreign, name)
		}
	}
	return s, nil
}

// owner is the domain of those who run a host: its organization where DMARC tells,
// else what is left without its first label. "" is not known.
func (d *domains) owner(ctx context.Context, host string) (string, error) {
	if isPrivate(host) {
		return "", nil
	}
	f, err := d.organization(ctx, strings.ToLower(host))
	if err != nil || f.At != "" {
		return f.Organization, err
	}
	_, up, _ := strings.Cut(f.Domain, ".")
	if !strings.Contains(up, ".") {
		return f.Domain, nil
	}
	return up, nil
}

func within(name, domain string) bool {
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// oneOfEach is an IPv4 and an IPv6 address, where there are.
func oneOfEach(all []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, four := range []bool{true, false} {
		if i := slices.IndexFunc(all, func(ip netip.Addr) bool { return ip.Is4() == four && !ip.IsLoopback() && !ip.IsPrivate() }); i >= 0 {
			out = append(out, all[i])
		}
	}
	return out
}

// tell says how likely the mail passes, and what to do.
func (s sendersRecord) tell(at about) chance {
	const unknown = "the address that mail leaves from is known to those who run it alone"
	first := s.answers[0]
	passed := slices.IndexFunc(s.answers, func(a spf.Answer) bool { return a.Result == spf.Pass })
	ask := "ask those who run " + s.place.host + " what to add to the record"
	if s.include != "" {
		ask = "add include:" + s.include + " to the record, as those who run " + s.place.host + " say"
	}
	switch {
	case first.Result == spf.None:
		at.warn("spf", s.domain+" has no SPF record: some receivers refuse its mail", "publish one as TXT of "+s.domain+", such as \"v=spf1 include:"+s.advice()+" ~all\"; "+ask)
		return unlikely
	case first.Result == spf.PermError:
		at.warn("spf", "the SPF record of "+s.domain+" is of no use to receivers: "+clip(first.Reason), "mend it")
		return unlikely
	case s.place.local:
		at.note("spf", s.domain+" has an SPF record; whether it lets the server behind "+s.place.host+" send cannot be known from here", "")
		return undecided
	case s.related != "":
		at.ok("spf", "the record of "+s.domain+" names "+s.related+" for "+s.place.host+": mail is likely to pass")
		return likely
	case passed >= 0:
		at.ok("spf", s.domain+" lets "+s.asked[passed].String()+" of "+s.place.host+" send ("+clip(s.answers[passed].Reason)+"): mail is likely to pass; "+unknown)
		return likely
	case first.Result == spf.Neutral, len(s.foreign) > 0 && s.include == "":
		text := "the record of " + s.domain + " does not name " + s.place.host
		if len(s.foreign) > 0 {
			text += ", but " + strings.Join(s.foreign[:min(len(s.foreign), 5)], ", ")
		}
		at.note("spf", text+"; whether it sends from there cannot be known from here, as "+unknown, ask)
		return undecided
	}
	at.warn("spf", "SPF of "+s.domain+" does not mention "+s.place.host+" ("+clip(first.Reason)+")", ask)
	return unlikely
}

// advice is what to include, as far as it is known.
func (s sendersRecord) advice() string {
	if s.include != "" {
		return s.include
	}
	return "..."
}

// clip keeps what a record says to a line.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}

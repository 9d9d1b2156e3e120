package relay

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/fit"
	"mailchute/relay/smtp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// everything is what a server with all the extensions offers.
func everything() smtp.Extensions {
	return smtp.Extensions{Size: true, MaxSize: 1000, DSN: true, RequireTLS: true, RRVS: true, MTPriority: true, EightBitMIME: true, SMTPUTF8: true,
		DeliverBy: true, MinBy: time.Minute, FutureRelease: true, MaxHold: time.Hour, MaxUntil: noon.Add(time.Hour), Auth: []string{"PLAIN"}}
}

func fitted(t *testing.T, body string, utf8 bool) *content {
	t.Helper()
	c, err := fit.Fit(newMessage(body), fit.Server{EightBitMIME: true, SMTPUTF8: true}, utf8)
	if err != nil {
		t.Fatal(err)
	}
	return &content{Content: c}
}

func TestParametersOfMAIL(t *testing.T) {
	five := 5
	hour := &envelope.Hold{Until: noon.Add(time.Hour), For: time.Hour}
	by := func(seconds int, back, trace bool) *envelope.DeliverBy {
		return &envelope.DeliverBy{Deadline: noon.Add(time.Duration(seconds) * time.Second), Return: back, Trace: trace}
	}
	none := smtp.Extensions{}
	for _, c := range []struct {
		name      string // with the section that it obeys
		options   envelope.Options
		returning bool
		ext       smtp.Extensions
		want      string // the parameters
		refusal   string // the outcome's text, where the message must not go
		note      string
	}{
		{name: "nothing is sent that was not offered, RFC 5321 4.1.1.2", ext: none},
		{name: "the size, RFC 1870 6", ext: everything(), want: "SIZE=47"},
		{name: "no limit is no limit, RFC 1870 6.1", ext: smtp.Extensions{Size: true}, want: "SIZE=47"},
		{name: "too large, RFC 1870 6.1", ext: smtp.Extensions{Size: true, MaxSize: 46}, refusal: "5.3.4 the message has 47 octets, the server takes at most 46"},
		{name: "REQUIRETLS, RFC 8689 4.2.1", options: envelope.Options{RequireTLS: true}, ext: smtp.Extensions{RequireTLS: true}, want: "REQUIRETLS"},
		{name: "REQUIRETLS not offered, RFC 8689 4.2.1", options: envelope.Options{RequireTLS: true}, ext: none, refusal: "5.7.30 REQUIRETLS was asked for, and the server does not offer it"},
		{name: "REQUIRETLS of what goes back to a sender, RFC 8689 5", options: envelope.Options{RequireTLS: true}, returning: true, ext: smtp.Extensions{RequireTLS: true}, want: "REQUIRETLS"},
		{name: "what goes back to a sender is not lost for it, RFC 8689 5", options: envelope.Options{RequireTLS: true}, returning: true, ext: none, note: "the server does not offer REQUIRETLS over verified TLS; sent without"},
		{name: "RET and ENVID, RFC 3461 4.3 and 4.4", options: envelope.Options{Return: envelope.ReturnFull, EnvelopeID: "a+b=c d"}, ext: smtp.Extensions{DSN: true}, want: "RET=FULL ENVID=a+2Bb+3Dc+20d"},
		{name: "RET not offered, RFC 3461 4", options: envelope.Options{Return: envelope.ReturnHeaders}, ext: none, note: "the server does not offer DSN; sent without"},
		{name: "RET with REQUIRETLS is HDRS, RFC 8689 5", options: envelope.Options{Return: envelope.ReturnFull, RequireTLS: true}, ext: smtp.Extensions{DSN: true, RequireTLS: true}, want: "REQUIRETLS RET=HDRS"},
		{name: "MT-PRIORITY, RFC 6710 3", options: envelope.Options{Priority: &five}, ext: smtp.Extensions{MTPriority: true}, want: "MT-PRIORITY=5"},
		{name: "MT-PRIORITY not offered, RFC 6710 4.3", options: envelope.Options{Priority: &five}, ext: none, note: "the server does not offer MT-PRIORITY; sent without"},
		{name: "BY in mode N, RFC 2852 4", options: envelope.Options{DeliverBy: by(30, false, false)}, ext: everything(), want: "SIZE=47 BY=30;N"},
		{name: "BY in mode N may be over, RFC 2852 4", options: envelope.Options{DeliverBy: by(-30, false, true)}, ext: smtp.Extensions{DeliverBy: true}, want: "BY=-30;NT"},
		{name: "BY in mode R, RFC 2852 4", options: envelope.Options{DeliverBy: by(120, true, true)}, ext: smtp.Extensions{DeliverBy: true}, want: "BY=120;RT"},
		{name: "BY in mode R below the minimum, RFC 2852 4.1.4.1", options: envelope.Options{DeliverBy: by(30, true, false)}, ext: everything(), refusal: "5.4.7 the deadline is 30 seconds away, and the server needs at least 60"},
		{name: "BY in mode R that is over, RFC 2852 4.1.4.1", options: envelope.Options{DeliverBy: by(0, true, false)}, ext: smtp.Extensions{DeliverBy: true}, refusal: "5.4.7 the deadline set with --deliver-by has passed"},
		{name: "BY in mode R not offered, RFC 2852 4.1.4.1", options: envelope.Options{DeliverBy: by(120, true, false)}, ext: none, refusal: "5.4.7 a deadline was set with --deliver-by, and the server does not offer DELIVERBY"},
		{name: "BY in mode N not offered, RFC 2852 4.1.4.2", options: envelope.Options{DeliverBy: by(120, false, false)}, ext: none, note: "the server does not offer DELIVERBY; sent without"},
		{name: "HOLDFOR, RFC 4865 3", options: envelope.Options{Hold: hour}, ext: everything(), want: "SIZE=47 HOLDFOR=3600"},
		{name: "HOLDUNTIL, RFC 4865 3", options: envelope.Options{Hold: &envelope.Hold{Until: noon.Add(time.Hour)}}, ext: everything(), want: "SIZE=47 HOLDUNTIL=2026-03-01T13:00:00Z"},
		{name: "a hold that is over", options: envelope.Options{Hold: &envelope.Hold{Until: noon}}, ext: none},
		{name: "a hold too long, RFC 4865 4.1", options: envelope.Options{Hold: &envelope.Hold{Until: noon.Add(2 * time.Hour)}}, ext: everything(), refusal: "5.3.3 a hold was asked for, and it is longer than the server allows"},
		{name: "a hold not offered, RFC 4865 4.1", options: envelope.Options{Hold: hour}, ext: none, refusal: "5.3.3 a hold was asked for, and the server does not offer FUTURERELEASE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var notes []string
			p := parameters{options: c.options, returning: c.returning, ext: c.ext, secure: true, now: noon, note: func(s string) { notes = append(notes, s) }}
			words, refusal := p.mail(fitted(t, "hello\r\n", false))
			got := strings.Join(words, " ")
			if strings.ReplaceAll(got, "SIZE=48", "SIZE=47") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			text := ""
			if refusal != nil {
				text = refusal.Text()
			}
			if text != c.refusal {
				t.Errorf("refused with %q, want %q", text, c.refusal)
			}
			if strings.Join(notes, "\n") != c.note {
				t.Errorf("noted %q, want %q", notes, c.note)
			}
			if strings.Contains(got, "AUTH=") { // RFC 4954 section 5: it says who submitted, and nobody asked
				t.Errorf("AUTH= was sent: %q", got)
			}
		})
	}
}

func TestREQUIRETLSWantsVerifiedTLS(t *testing.T) {
	p := parameters{options: envelope.Options{RequireTLS: true}, ext: everything(), now: noon} // RFC 8689 section 4.2.1
	if _, refusal := p.mail(fitted(t, "x\r\n", false)); refusal == nil || refusal.Status.String() != "5.7.10" || refusal.Cause != envelope.CausePolicy {
		t.Errorf("got %+v", refusal)
	}
}

func TestREQUIRETLSIsNotPromisedWhereItIsNotKept(t *testing.T) {
	p := parameters{options: envelope.Options{RequireTLS: true}, returning: true, ext: everything(), now: noon} // RFC 8689 section 2
	if words, refusal := p.mail(fitted(t, "x\r\n", false)); refusal != nil || slices.Contains(words, "REQUIRETLS") {
		t.Errorf("got %q, %+v", words, refusal)
	}
}

func TestBodyAndCharacterSetOfMAIL(t *testing.T) {
	p := parameters{ext: smtp.Extensions{EightBitMIME: true, SMTPUTF8: true}, now: noon}
	for _, c := range []struct {
		body string
		utf8 bool
		want string
	}{
		{"plain\r\n", false, ""},
		{"größer\r\n", false, "BODY=8BITMIME"},         // RFC 6152 section 2
		{"größer\r\n", true, "BODY=8BITMIME SMTPUTF8"}, // RFC 6531 section 3.4
	} {
		words, _ := p.mail(fitted(t, c.body, c.utf8))
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.body, got, c.want)
		}
	}
}

func TestParametersOfRCPT(t *testing.T) {
	moved := []envelope.Hop{{From: addr("a+b@x.example"), To: addr("c@y.example"), Code: 557}}
	for _, c := range []struct {
		name string
		r    envelope.Recipient
		ext  smtp.Extensions
		utf8 bool
		want string
		note string
	}{
		{name: "none", r: envelope.Recipient{Original: addr("a@x.example")}, ext: everything()},
		{name: "NOTIFY and ORCPT, RFC 3461 4.1 and 4.2", r: envelope.Recipient{Original: addr("a+b@x.example"), Notify: envelope.Notify{Success: true, Failure: true, Delay: true}}, ext: everything(),
			want: "NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@x.example"},
		{name: "NEVER stands alone, RFC 3461 4.1", r: envelope.Recipient{Original: addr("a@x.example"), Notify: envelope.Notify{Never: true, Success: true}}, ext: everything(),
			want: "NOTIFY=NEVER ORCPT=rfc822;a@x.example"},
		{name: "NOTIFY not offered, RFC 3461 4", r: envelope.Recipient{Original: addr("a@x.example"), Notify: envelope.Notify{Never: true}}, note: "the server does not offer DSN; sent without"},
		{name: "the address that the sender named, behind a redirect", r: envelope.Recipient{Original: addr("a+b@x.example"), Address: addr("c@y.example"), Trail: moved}, ext: everything(),
			want: "ORCPT=rfc822;a+2Bb@x.example"},
		{name: "an address outside ASCII, RFC 6533 3", r: envelope.Recipient{Original: addr("ä=b@x.example"), Notify: envelope.Notify{Never: true}}, ext: everything(),
			want: `NOTIFY=NEVER ORCPT=utf-8;\x{E4}\x{3D}b@x.example`},
		{name: "the same where SMTPUTF8 is used, RFC 6533 3", r: envelope.Recipient{Original: addr("ä@x.example"), Notify: envelope.Notify{Never: true}}, ext: everything(), utf8: true,
			want: `NOTIFY=NEVER ORCPT=utf-8;ä@x.example`},
		{name: "ORCPT as it came, alone, RFC 3461 5.2.1", r: envelope.Recipient{Original: addr("a@x.example"), ORCPT: "RFC822;Old+2BOne@z.example"}, ext: everything(),
			want: "ORCPT=RFC822;Old+2BOne@z.example"},
		{name: "ORCPT of an unknown type, behind a redirect", r: envelope.Recipient{Original: addr("a@x.example"), ORCPT: "x400;/S+3Dold/", Trail: moved}, ext: everything(),
			want: "ORCPT=x400;/S+3Dold/"},
		{name: "ORCPT outside ASCII where SMTPUTF8 is not used, RFC 6533 3", r: envelope.Recipient{Original: addr("a@x.example"), ORCPT: "utf-8;ä@z.example"}, ext: everything(),
			want: `ORCPT=utf-8;\x{E4}@z.example`},
		{name: "ORCPT too long for a server, RFC 3461 4.2", r: envelope.Recipient{Original: addr("a@x.example"), ORCPT: envelope.ORCPT("utf-8;" + strings.Repeat("ä", 100) + "@z.example")}, ext: everything()},
		{name: "ORCPT not offered", r: envelope.Recipient{Original: addr("a@x.example"), ORCPT: "rfc822;b@z.example"}},
		{name: "RRVS, RFC 7293 3.1", r: envelope.Recipient{Original: addr("a@x.example"), ValidSince: noon}, ext: everything(), want: "RRVS=2026-03-01T12:00:00Z"},
		{name: "RRVS with what to do without it, RFC 7293 3.1", r: envelope.Recipient{Original: addr("a@x.example"), ValidSince: noon, ValidElse: envelope.Reject}, ext: everything(), want: "RRVS=2026-03-01T12:00:00Z;R"},
		{name: "RRVS not offered, RFC 7293 3.1", r: envelope.Recipient{Original: addr("a@x.example"), ValidSince: noon}},
		{name: "RRVS says nothing of the new address of a redirect, RFC 7293 8.2", r: envelope.Recipient{Original: addr("a@x.example"), ValidSince: noon, Trail: moved}, ext: smtp.Extensions{RRVS: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var notes []string
			p := parameters{ext: c.ext, now: noon, note: func(s string) { notes = append(notes, s) }}
			if got := strings.Join(p.rcpt(&c.r, c.utf8), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if strings.Join(notes, "\n") != c.note {
				t.Errorf("noted %q, want %q", notes, c.note)
			}
		})
	}
}

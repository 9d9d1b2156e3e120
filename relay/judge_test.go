package relay

import (
	"errors"
	"fmt"
	"testing"

	"mailchute/relay/envelope"
	"mailchute/relay/fit"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
)

// say is a reply as it comes from the wire: "550 5.1.1".
func say(command string, code int, enhanced string) *reply.Reply {
	e, _ := reply.ParseEnhanced(enhanced)
	return &reply.Reply{Command: command, Code: code, Enhanced: e, Lines: []string{"text"}}
}

func TestTheEarliestBadWordCounts(t *testing.T) {
	mail, rcpt, data, final := say("MAIL", 250, ""), say("RCPT", 250, ""), say("DATA", 354, ""), say(".", 250, "2.0.0")
	lost := &smtp.Error{Phase: smtp.PhaseRcpt, Server: "s", Err: errors.New("gone")}
	one := func(r *reply.Reply) []*reply.Reply { return []*reply.Reply{r} }
	for _, c := range []struct {
		name  string
		res   smtp.Result
		state envelope.State
		cause envelope.Cause
		code  int
	}{
		{"a whole row of good words by DATA", smtp.Result{Mail: mail, Recipients: one(rcpt), Data: data, Final: final}, envelope.Delivered, envelope.CauseNone, 250},
		{"a whole row of good words by BDAT", smtp.Result{Mail: mail, Recipients: one(rcpt), Final: final}, envelope.Delivered, envelope.CauseNone, 250},
		{"251 is good", smtp.Result{Mail: mail, Recipients: one(say("RCPT", 251, "")), Data: data, Final: final}, envelope.Delivered, envelope.CauseNone, 250},
		{"MAIL before the recipient", smtp.Result{Mail: say("MAIL", 451, ""), Recipients: one(say("RCPT", 503, ""))}, envelope.Deferred, envelope.CauseReply, 451},
		{"the recipient before DATA", smtp.Result{Mail: mail, Recipients: one(say("RCPT", 450, "")), Data: say("DATA", 503, "")}, envelope.Deferred, envelope.CauseReply, 450},
		{"DATA", smtp.Result{Mail: mail, Recipients: one(rcpt), Data: say("DATA", 554, "")}, envelope.Failed, envelope.CauseReply, 554},
		{"the text", smtp.Result{Mail: mail, Recipients: one(rcpt), Data: data, Final: say(".", 452, "")}, envelope.Deferred, envelope.CauseReply, 452},
		{"the recipient's refusal, though the way was lost behind it", smtp.Result{Mail: mail, Recipients: one(say("RCPT", 550, "")), Err: lost}, envelope.Failed, envelope.CauseReply, 550},
		{"the lost way, though the recipient was taken", smtp.Result{Mail: mail, Recipients: one(rcpt), Err: lost}, envelope.Deferred, envelope.CauseRoute, 0},
		{"the lost way, where nothing was said", smtp.Result{Recipients: one(nil), Err: lost}, envelope.Deferred, envelope.CauseRoute, 0},
		{"the login, whatever else was said", smtp.Result{Mail: mail, Recipients: one(rcpt), Final: final,
			Err: &smtp.Error{Phase: smtp.PhaseLogin, Reply: say("AUTH", 535, "5.7.8")}}, envelope.Deferred, envelope.CauseLogin, 535},
		{"no final word and no error either", smtp.Result{Mail: mail, Recipients: one(rcpt), Data: data}, envelope.Deferred, envelope.CauseProtocol, 0},
		{"a good final word for one that was never named", smtp.Result{Mail: mail, Recipients: one(nil), Data: data, Final: final}, envelope.Deferred, envelope.CauseProtocol, 0},
		{"a good final word for one that this side refused", smtp.Result{Mail: mail, Recipients: one(nil), Data: data, Final: final,
			Err: &smtp.Error{Phase: smtp.PhaseRcpt, Local: true, Err: errors.New("too long")}}, envelope.Failed, envelope.CauseAddress, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := judge(c.res, 0)
			if o.State != c.state || o.Cause != c.cause || codeOf(o) != c.code {
				t.Errorf("got %v, cause %v, %q; want %v, cause %v, code %d", o.State, o.Cause, o.Text(), c.state, c.cause, c.code)
			}
			if o.State != envelope.Delivered && o.Text() == "" {
				t.Error("nothing to tell the user")
			}
		})
	}
}

func codeOf(o envelope.Outcome) int {
	if o.Reply == nil {
		return 0
	}
	return o.Reply.Code
}

func TestAReplyIsJudgedByItsFirstDigit(t *testing.T) {
	for code, want := range map[int]envelope.State{
		200: envelope.Delivered, 250: envelope.Delivered, 259: envelope.Delivered,
		400: envelope.Deferred, 452: envelope.Deferred, 499: envelope.Deferred,
		500: envelope.Failed, 557: envelope.Failed, 599: envelope.Failed,
		199: envelope.Deferred, 354: envelope.Deferred, 600: envelope.Deferred, 0: envelope.Deferred,
	} {
		o := fromReply(say("RCPT", code, ""))
		if o.State != want {
			t.Errorf("%d: %v, want %v", code, o.State, want)
		}
		fault := code < 200 || code >= 600 || code/100 == 3
		if (o.Cause == envelope.CauseProtocol) != fault || fault && o.Reason == "" {
			t.Errorf("%d: cause %v, reason %q", code, o.Cause, o.Reason)
		}
	}
}

func TestTroubleWithTheWayIsTemporary(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		err    error
		state  envelope.State
		cause  envelope.Cause
		status string
		text   string
	}{
		{"an error of nobody", broken, envelope.Deferred, envelope.CauseRoute, "4.4.1", "4.4.1 broken"},
		{"a name that does not resolve", &smtp.Error{Phase: smtp.PhaseResolve, Server: "s", Err: broken}, envelope.Deferred, envelope.CauseRoute, "4.4.3", "4.4.3 s: cannot find its address: broken"},
		{"a refusal in the greeting", &smtp.Error{Phase: smtp.PhaseGreeting, Server: "s", Reply: say("", 554, "5.7.1")}, envelope.Deferred, envelope.CauseRoute, "5.7.1", "554 5.7.1 text (s: no service)"},
		{"a certificate", &smtp.Error{Phase: smtp.PhaseTLS, Server: "s", Err: broken}, envelope.Deferred, envelope.CauseRoute, "4.7.5", "4.7.5 s: no secure connection: broken"},
		{"a refused login", &smtp.Error{Phase: smtp.PhaseLogin, Server: "s", Reply: say("AUTH", 535, "5.7.8")}, envelope.Deferred, envelope.CauseLogin, "5.7.8", "535 5.7.8 text (s: not logged in)"},
		{"a login that cannot be now", &smtp.Error{Phase: smtp.PhaseLogin, Server: "s", Reply: say("AUTH", 454, "4.7.0")}, envelope.Deferred, envelope.CauseRoute, "4.7.0", "454 4.7.0 text (s: not logged in)"},
		{"a login that this side will not do", &smtp.Error{Phase: smtp.PhaseLogin, Server: "s", Local: true, Err: smtp.ErrUntrusted}, envelope.Deferred, envelope.CauseLogin, "4.7.0", "4.7.0 s: not logged in: " + smtp.ErrUntrusted.Error()},
		{"a broken protocol", &smtp.Error{Phase: smtp.PhaseMail, Server: "s", Protocol: true, Err: broken}, envelope.Deferred, envelope.CauseProtocol, "4.5.0", "4.5.0 s: no good answer to MAIL: broken"},
		{"a sender that this side will not say", &smtp.Error{Phase: smtp.PhaseMail, Server: "s", Local: true, Err: broken}, envelope.Failed, envelope.CauseAddress, "5.1.7", "5.1.7 s: MAIL not sent: broken"},
		{"a recipient that this side will not say", &smtp.Error{Phase: smtp.PhaseRcpt, Server: "s", Local: true, Err: broken}, envelope.Failed, envelope.CauseAddress, "5.1.3", "5.1.3 s: RCPT not sent: broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := fromError(fmt.Errorf("%w", c.err))
			if _, wrapped := c.err.(*smtp.Error); !wrapped {
				o = fromError(c.err)
			}
			if o.State != c.state || o.Cause != c.cause || o.Status.String() != c.status || o.Text() != c.text {
				t.Errorf("got %v, cause %v, %s, %q", o.State, o.Cause, o.Status, o.Text())
			}
		})
	}
}

func TestAMessageThatDoesNotFitFailsInTheWordsOfItsError(t *testing.T) {
	e := &fit.Error{Status: reply.Enhanced{Class: 5, Subject: 6, Detail: 3}, Reason: "signed"}
	if o := unfit(fmt.Errorf("x: %w", e)); o.State != envelope.Failed || o.Text() != "5.6.3 signed" {
		t.Errorf("%v %q", o.State, o.Text())
	}
	if o := unfit(errors.New("disk")); o.State != envelope.Deferred || o.Text() != "4.3.0 disk" {
		t.Errorf("%v %q", o.State, o.Text())
	}
}

func TestTooManyRecipients(t *testing.T) {
	for _, c := range []struct {
		code     int
		enhanced string
		full     bool
	}{
		{452, "", true}, {452, "4.5.3", true}, {452, "4.3.1", true},
		{452, "4.2.2", false}, // the mailbox is full, not the transaction
		{552, "", true}, {552, "5.5.3", true}, {552, "5.2.2", false}, {552, "5.3.4", false},
		{450, "4.5.3", false}, {550, "5.5.3", false}, {250, "", false},
	} {
		if got := tooMany(*say("RCPT", c.code, c.enhanced)); got != c.full {
			t.Errorf("%d %s: %v, want %v", c.code, c.enhanced, got, c.full)
		}
	}
}

package session

import (
	"context"
	"strings"
	"testing"

	"mailchute/inject"
	"mailchute/relay/reply"
)

func TestBINARYMIMEGoesByBDATAlone(t *testing.T) {
	var got []delivered
	var in *inject.Input
	o := options(t, &got)
	take := o.Deliver
	o.Deliver = func(ctx context.Context, m *Mail) reply.Reply {
		var err error
		if in, err = m.Text.Input(); err != nil {
			t.Error(err)
		}
		return take(ctx, m)
	}
	const body = "\x00\n\r\xff"
	out, _, err := talk(o, "EHLO x\r\nMAIL FROM:<a@x> BODY=BINARYMIME\r\nRCPT TO:<b@x>\r\nDATA\r\nBDAT 16 LAST\r\nSubject: x\r\n\r\n"+body[:2]+"QUIT\r\n")
	if err != nil || !strings.Contains(out, "503 5.5.1 BODY=BINARYMIME goes by BDAT\r\n250 2.0.0 taken") || len(got) != 1 {
		t.Fatalf("%v, %q", err, out)
	}
	if tr := in.Body.Traits; !tr.CRLFOnly || !tr.NUL {
		t.Errorf("%+v", tr)
	}
	out, _, err = talk(o, "EHLO x\r\nMAIL FROM:<a@x> BODY=BINARYMIME\r\nRSET\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n")
	if err != nil || len(got) != 2 || in.Body.Traits.CRLFOnly {
		t.Errorf("of the next message: %v, %q, %+v", err, out, in.Body.Traits)
	}
}

package session

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"mailchute/headers"
	"mailchute/relay/reply"
)

func TestOnlyCRLFDotCRLFEndsAText(t *testing.T) {
	for _, c := range []struct{ name, wire, text string }{
		{"empty", ".\r\n", ""},
		{"stuffed dots", "..\r\n...x\r\nx.\r\n.\r\n", ".\r\n..x\r\nx.\r\n"},
		{"LF dot LF", "x\n.\ny\r\n.\r\n", "x\n.\ny\r\n"},
		{"LF dot CRLF", "x\n.\r\ny\r\n.\r\n", "x\n.\r\ny\r\n"},
		{"CR dot CR", "x\r.\r\ny\r\n.\r\n", "x\r.\r\ny\r\n"},
		{"CR LF dot LF", "x\r\n.\ny\r\n.\r\n", "x\r\n\ny\r\n"},
		{"CR LF dot CR", "x\r\n.\ry\r\n.\r\n", "x\r\n\ry\r\n"},
		{"CR CR LF dot", "x\r\r\n.\r\n", "x\r\r\n"},
		{"a command in the text", "x\n.\nMAIL FROM:<evil@x.example>\r\n.\r\n", "x\n.\nMAIL FROM:<evil@x.example>\r\n"},
		{"a CR at the end of the buffer", strings.Repeat("y", 4095-len(envelopeOfOne+"DATA\r\n")) + "\r\n.\r\n", strings.Repeat("y", 4095-len(envelopeOfOne+"DATA\r\n")) + "\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []delivered
			out, _, err := talk(options(t, &got), envelopeOfOne+"DATA\r\n"+c.wire+"QUIT\r\n")
			if err != nil || len(got) != 1 || got[0].text != c.text || !strings.HasSuffix(out, "221 2.0.0 mx.example bye\r\n") {
				t.Errorf("%v, %d messages, %.200q", err, len(got), out)
			}
		})
	}
}

func TestNothingIsDeliveredOfAnUnfinishedText(t *testing.T) {
	for _, wire := range []string{"DATA\r\nx\r\n", "DATA\r\nx\r\n.", "DATA\r\nx\n.\n", "BDAT 5 LAST\r\nabc", "BDAT 3\r\nabc"} {
		var got []delivered
		_, sum, err := talk(options(t, &got), envelopeOfOne+wire)
		if len(got) > 0 || err == nil || !sum.Unfinished {
			t.Errorf("%q: %v, %v, %+v", wire, got, err, sum)
		}
	}
}

func TestALongTextGoesToAFile(t *testing.T) {
	var got []delivered
	o := options(t, &got)
	o.Limits.Memory = 1000
	line := strings.Repeat("x", 70) + "\r\n"
	for _, n := range []int{1, 13, 14, 15, 100, 5000} {
		text := "Subject: long\r\n\r\n" + strings.Repeat(line, n)
		got = nil
		o.Deliver = func(_ context.Context, m *Mail) reply.Reply {
			in, err := m.Text.Input()
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(in.Body.Reader())
			if want := strings.Repeat(line, n); err != nil || string(body) != want || in.Body.Traits.WireSize != int64(len(want)) || m.Text.Size() != int64(len(text)) {
				t.Errorf("%d lines: %v, %d octets, %+v", n, err, len(body), in.Body.Traits)
			}
			if m.Text.Large() != (len(text) > 1000) || string(in.Header.Bytes()) != "Subject: long\r\n" {
				t.Errorf("%d lines: large %v, header %q", n, m.Text.Large(), in.Header.Bytes())
			}
			got = append(got, delivered{})
			return say(250, 2, 0, 0)
		}
		talk(o, envelopeOfOne+"DATA\r\n"+text+".\r\n")
		talk(o, envelopeOfOne+"BDAT "+itoa(len(text))+" LAST\r\n"+text)
		if len(got) != 2 {
			t.Errorf("%d lines: %d messages", n, len(got))
		}
	}
}

func TestALargeHeaderIsRefused(t *testing.T) {
	const maxHeader = defaultHeader
	for _, c := range []struct {
		size int
		ok   bool
	}{{maxHeader - 2, true}, {maxHeader, true}, {maxHeader + 1, false}, {maxHeader + 70000, false}} {
		text := "A: " + strings.Repeat("x", c.size-7) + "\r\n\r\n"
		in, err := (&Text{mem: []byte(text), size: int64(len(text)), maxHeader: maxHeader}).Input()
		if c.ok != (err == nil) || err == nil && len(in.Header.Bytes()) != c.size-2 {
			t.Errorf("%d octets: %v", c.size, err)
		}
		if !c.ok && !errors.As(err, new(*headers.Error)) {
			t.Errorf("%d octets: %v", c.size, err)
		}
	}
}

package fit_test

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"

	"mailchute/relay/fit"
)

// decode is the content of an entity, undone by the standard library.
func decode(t *testing.T, encoding string, body io.Reader) string {
	t.Helper()
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// What came by BODY=BINARYMIME is octets wherever it is labelled so: NULs, and CRs
// and LFs that end no line.
func TestEveryOctetOfBINARYMIMEArrives(t *testing.T) {
	contents := map[string]string{
		"LF in text":        "one\ntwo\nthree\n",
		"LF and CRLF":       "one\r\ntwo\nthree\r\n",
		"CR in text":        "one\rtwo\r\n",
		"NUL in text":       "one\x00two\r\n",
		"no end":            "one\r\ntwo",
		"octets":            "\x00\xff\r\r\n\n\n\r\x80",
		"a long line of LF": strings.Repeat("x\n", 3000),
	}
	servers := map[string]fit.Server{"7bit": {}, "8BITMIME": {EightBitMIME: true}, "BINARYMIME": {EightBitMIME: true, BinaryMIME: true}}
	for name, content := range contents {
		for kind, server := range servers {
			for _, media := range []string{"text/plain", "application/octet-stream"} {
				part := "Content-Type: " + media + "\nContent-Transfer-Encoding: binary\n\n"
				single := split("Mime-Version: 1.0\n" + part + content)
				multi := split("Mime-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: binary\n\n" +
					"--b\r\n" + strings.ReplaceAll(part, "\n", "\r\n") + content + "\r\n--b--\r\n")
				single.Body.Traits.CRLFOnly, multi.Body.Traits.CRLFOnly = true, true

				c, err := fit.Fit(single, server, false)
				if err != nil {
					t.Fatal(err)
				}
				m, err := mail.ReadMessage(strings.NewReader(wire(t, c)))
				if err != nil {
					t.Fatal(err)
				}
				if got := decode(t, m.Header.Get("Content-Transfer-Encoding"), m.Body); got != content {
					t.Errorf("%s, %s, %s: %q became %q", name, kind, media, content, got)
				}

				if c, err = fit.Fit(multi, server, false); err != nil {
					t.Fatal(err)
				}
				if m, err = mail.ReadMessage(strings.NewReader(wire(t, c))); err != nil {
					t.Fatal(err)
				}
				_, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
				p, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
				if err != nil {
					t.Fatal(err)
				}
				if got := decode(t, textproto.MIMEHeader(p.Header).Get("Content-Transfer-Encoding"), p); got != content {
					t.Errorf("%s, %s, %s in a multipart: %q became %q", name, kind, media, content, got)
				}
			}
		}
	}
}

package fit_test

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/headers"
	"mailchute/relay/fit"
	"mailchute/relay/message"
)

var (
	seven      = fit.Server{}
	eight      = fit.Server{EightBitMIME: true}
	binaryMIME = fit.Server{EightBitMIME: true, BinaryMIME: true}
	smtpUTF8   = fit.Server{EightBitMIME: true, SMTPUTF8: true}
)

// split makes a message of its text: header, empty line, body, LF line ends in
// the header.
func split(text string) *message.Message {
	head, body, _ := strings.Cut(text, "\n\n")
	head = strings.ReplaceAll(head+"\n", "\n", "\r\n")
	return &message.Message{Header: []byte(head), Body: inMemory(body)}
}

func inMemory(body string) *message.Body {
	var s message.Scanner
	s.Write([]byte(body))
	return message.NewBody([]byte(body), s.Traits())
}

// readHeader is any text made into a header as a message has it.
func readHeader(text string) ([]byte, error) {
	h, err := headers.Read(bufio.NewReaderSize(strings.NewReader(text), 64<<10))
	return h.Bytes(), err
}

// inFile is the same message with its body in a file, behind other octets.
func inFile(t testing.TB, m *message.Message) *message.Message {
	t.Helper()
	const front = "in front of the body"
	f, err := os.Create(filepath.Join(t.TempDir(), "body"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(front + string(m.Body.Bytes())); err != nil {
		t.Fatal(err)
	}
	return &message.Message{Header: m.Header, Body: message.NewFileBody(f, int64(len(front)), m.Body.Traits)}
}

// wire is what a server gets.
func wire(t testing.TB, c *fit.Content) string {
	t.Helper()
	var b bytes.Buffer
	n, err := c.WriteTo(&b)
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(b.Len()) || n != c.Size() || c.Estimate() < n {
		t.Errorf("%d octets written, %d said, size %d, estimate %d", b.Len(), n, c.Size(), c.Estimate())
	}
	return b.String()
}

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

type goodCase struct {
	name   string
	in     string
	server fit.Server
	want   string // with LF
	params string // BODY
}

const mixed = `Content-Type: multipart/mixed; boundary=bb

`

var goodCases = []goodCase{
	{"plain text needs nothing", "A: b\n\none\r\ntwo\n\nlast", seven, "A: b\n\none\ntwo\n\nlast\n", ""},
	{"an empty body", "A: b\n\n", seven, "A: b\n\n", ""},
	{"bare CRs become line ends", "A: b\n\n10%\r20%\r\r\n30%\n", seven, "A: b\n\n10%\n20%\n30%\n", ""},
	{"a line of 998 octets is short enough", "A: b\n\n" + strings.Repeat("y", 998), seven, "A: b\n\n" + strings.Repeat("y", 998) + "\n", ""},
	{"8-bit text without MIME fields gets them", "A: b\n\nGrüße\n", eight,
		"A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n", "8BITMIME"},
	{"8-bit text that is not UTF-8 is unknown-8bit", "A: b\n\nGr\xfc\xdfe\n", eight,
		"A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\nContent-Transfer-Encoding: 8bit\n\nGr\xfc\xdfe\n", "8BITMIME"},
	{"8-bit text becomes quoted-printable", "A: b\n\nGrüße \nx=y\t\n", seven,
		"A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe=20\nx=3Dy=09\n", ""},
	{"a long line becomes quoted-printable", "A: b\n\n" + strings.Repeat("x", 1000) + "\n", eight,
		"A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: quoted-printable\n\n" +
			strings.Repeat(strings.Repeat("x", 75)+"=\n", 13) + strings.Repeat("x", 25) + "\n", ""},
	{"text with a NUL stays readable", "A: b\n\none\x00two\nend", binaryMIME,
		"A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: quoted-printable\n\none=00two\nend\n", ""},
	{"a binary body becomes base64 of its exact octets", "A: b\n\n\x00\x01\x02\n\xff\r", eight,
		"A: b\nMIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nAAECCv8N\n", "8BITMIME"},
	{"a Content-Type without MIME-Version counts, and gets one", "Content-Type: text/html; charset=utf-8\n\nä\n", seven,
		"Content-Type: text/html; charset=utf-8\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n", ""},
	{"an 8-bit label becomes the right one", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-transfer-encoding: 8BIT\nX: y\n\nä\n", seven,
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-transfer-encoding: quoted-printable\nX: y\n\n=C3=A4\n", ""},
	{"two labels become one", "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: 7bit\n\nä\n", seven,
		"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n", ""},
	{"quoted-printable keeps its bytes", "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=\nx \n", seven,
		"MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=\nx \n", ""},
	{"overlong quoted-printable gets soft line breaks", "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=C3=BC", 200) + "= \nend=3D\n", seven,
		"MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat(strings.Repeat("=C3=BC", 12)+"=C3=\n=BC"+strings.Repeat("=C3=BC", 12)+"=\n", 8) + "end=3D\n", ""},
	{"overlong base64 gets lines of 76", "MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("QUJD", 300) + "QQ==\n", seven,
		"MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\n", 15) + strings.Repeat("QUJD", 15) + "QQ==\n", ""},
	{"a binary leaf goes out octet by octet over BINARYMIME", "MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n\x89PNG\r\x00\n", binaryMIME,
		"MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n\x89PNG\r\x00\n", "BINARYMIME"},
	{"a binary leaf becomes base64 without BINARYMIME", "MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n\x89PNG\r\x00\n", eight,
		"MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0ACg==\n", "8BITMIME"},
	{"text labelled binary that is made of lines is labelled 8bit", "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: binary\n\nä\n", binaryMIME,
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nä\n", "8BITMIME"},
	{"a part that is no text becomes base64 of its exact octets", "MIME-Version: 1.0\nContent-Type: application/json\n\n{\"ä\": 1}\n", seven,
		"MIME-Version: 1.0\nContent-Type: application/json\nContent-Transfer-Encoding: base64\n\neyLDpCI6IDF9Cg==\n", ""},
	{"UTF-16 text keeps its octets", "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-16LE\n\na\x00\n\x00", eight,
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-16LE\nContent-Transfer-Encoding: base64\n\nYQAKAA==\n", ""},
	{"only the leaves that do not fit are converted", mixed[:len(mixed)-1] + "Content-Transfer-Encoding: 8bit\nMIME-Version: 1.0\n\npre\n--bb\n\nplain\n--bb\t\nContent-Type: text/plain; charset=utf-8\n\nÄ\n\n--bb\nContent-type: image/x\ncontent-transfer-encoding: base64\n\nAAEC\n--bb--\nepi", seven,
		mixed[:len(mixed)-1] + "Content-Transfer-Encoding: 7bit\nMIME-Version: 1.0\n\npre\n--bb\n\nplain\n--bb\t\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=84\n\n--bb\nContent-type: image/x\ncontent-transfer-encoding: base64\n\nAAEC\n--bb--\nepi\n", ""},
	{"a multipart in a multipart; the outer delimiter ends both", mixed + "--bb\nContent-Type: multipart/alternative; boundary=\"b c\"\n\n--b c\n\nü\n--b cd\nx\n--bb\n\nö", seven,
		mixed + "--bb\nContent-Type: multipart/alternative; boundary=\"b c\"\n\n--b c\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=BC\n--b cd\nx\n--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=B6\n", ""},
	{"a message in a message is converted inside", "Content-Type: message/rfc822\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n\nSubject: s\n\nä\n", seven,
		"Content-Type: message/rfc822\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n", ""},
	{"a digest holds messages", "Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: s\n\nä\n--d--\n", seven,
		"Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--d--\n", ""},
	{"a boundary with a comment behind it is found", "Content-Type: multipart/mixed; boundary=bb (see below);;\n\n--bb\nContent-Type: text/plain\n\nä\n--bb--\n", seven,
		"Content-Type: multipart/mixed; boundary=bb (see below);;\n\n--bb\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--bb--\n", ""},
	{"empty parts and two delimiters in a row", mixed + "--bb\n--bb\n\n--bb\n\nä\n--bb--", seven,
		mixed + "--bb\n--bb\n\n--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--bb--\n", ""},
	{"what cannot be sent between the parts becomes question marks", mixed + "Präambel\n--bb\n\nx\n--bb--\n" + strings.Repeat("z", 1000), seven,
		mixed + "Pr??ambel\n--bb\n\nx\n--bb--\n" + strings.Repeat("z", 998) + "\n zz\n", ""},
	{"a multipart without a delimiter is text", mixed + "no part here: ä\n", seven,
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nno part here: =C3=A4\n", ""},
	{"a multipart that fits is not looked into", mixed + "no part here: ä\n", eight, mixed + "no part here: ä\n", "8BITMIME"},
	{"a delimiter behind a bare CR is one, as on the wire", mixed + "--bb\n\nä\r--bb\rContent-Type: text/html\n\nb\n--bb--\n", seven,
		mixed + "--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--bb\nContent-Type: text/html\n\nb\n--bb--\n", ""},
	{"an encoded part between CRs and LF", mixed + "--bb\r\r\n\r\nä\r\r\n--bb--\r\r\n", seven,
		mixed + "--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--bb--\n", ""},
	{"a part without a header gets one", mixed + "--bb\nno field, ä\n--bb--\n", seven,
		mixed + "--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nno field, =C3=A4\n--bb--\n", ""},
	{"a signed part that fits keeps its bytes", "Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Transfer-Encoding: 8bit\n\nä \n--s\n\nsig\n--s--\n", eight,
		"Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Transfer-Encoding: 8bit\n\nä \n--s\n\nsig\n--s--\n", "8BITMIME"},
	{"what stands beside a signed part is converted", mixed + "--bb\nContent-Type: multipart/signed; boundary=s\n\n--s\nContent-Transfer-Encoding: 8bit\n\na \n--s\n\nsig\n--s--\n\n--bb\n\nä\n--bb--\n", seven,
		mixed + "--bb\nContent-Type: multipart/signed; boundary=s\n\n--s\nContent-Transfer-Encoding: 8bit\n\na \n--s\n\nsig\n--s--\n\n--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--bb--\n", ""},
	{"a DKIM-Signature keeps the body and its label as they are", "DKIM-Signature: v=1\nContent-Type: text/plain; charset=utf-8\n\nä\n", eight,
		"DKIM-Signature: v=1\nContent-Type: text/plain; charset=utf-8\n\nä\n", "8BITMIME"},
	{"8-bit header text without SMTPUTF8", "Subject: ä\n\nb\n", smtpUTF8, "Subject: =?utf-8?b?w6Q=?=\n\nb\n", ""},
	{"the header of a part is encoded, too", mixed + "--bb\nContent-Description: ä\n\nb\n--bb--\n", seven,
		mixed + "--bb\nContent-Description: =?utf-8?b?w6Q=?=\n\nb\n--bb--\n", ""},
}

func TestFit(t *testing.T) {
	for _, c := range goodCases {
		t.Run(c.name, func(t *testing.T) {
			m := split(c.in)
			content, err := fit.Fit(m, c.server, false)
			if err != nil {
				t.Fatal(err)
			}
			have := wire(t, content)
			if again := wire(t, content); again != have {
				t.Error("the second time it is another")
			}
			if lf(have) != lf(c.want) {
				t.Errorf("have %q\nwant %q", lf(have), c.want)
			}
			if content.BodyType() != c.params {
				t.Errorf("BODY=%q, want %q", content.BodyType(), c.params)
			}
			filed, err := fit.Fit(inFile(t, m), c.server, false)
			if err != nil {
				t.Fatal(err)
			}
			if other := wire(t, filed); other != have {
				t.Errorf("from a file: %q\nfrom memory: %q", other, have)
			}
			obeys(t, have, content, c.server)
		})
	}
}

func TestWhatIsSealedFailsAndSaysWhy(t *testing.T) {
	const signed = "Content-Type: multipart/signed; boundary=s\n\n--s\nContent-Transfer-Encoding: 8bit\n\n%\n--s\n\nsig\n--s--\n"
	long := strings.Repeat("x", 1200)
	for _, c := range []struct {
		name, in string
		server   fit.Server
		want     string
	}{
		{"8-bit text in a signed part", strings.Replace(signed, "%", "ä", 1), seven,
			"5.6.3 part 1 cannot go to this server as it is: it holds 8-bit text and the server does not offer 8BITMIME, and a conversion would break its multipart/signed"},
		{"a long line in a signed part", strings.Replace(signed, "%", long, 1), eight,
			"5.6.3 part 1 cannot go to this server as it is: it has a line of 1200 octets where 998 are allowed, and a conversion would break its multipart/signed"},
		{"a CR in a signed part", strings.Replace(signed, "%", "a\rb", 1), eight,
			"5.6.3 part 1 cannot go to this server as it is: it holds a CR that ends no line, and a conversion would break its multipart/signed"},
		{"deep inside", mixed + "--bb\n\n--bb\n" + strings.Replace(signed, "%", "\x00", 1) + "--bb--", eight,
			"5.6.3 part 2.1 cannot go to this server as it is: it holds a NUL octet, and a conversion would break its multipart/signed"},
		{"a preamble in an encrypted part", "Content-Type: multipart/encrypted; boundary=s\n\nä\n--s\n\nsig\n--s--\n", seven,
			"5.6.3 the message cannot go to this server as it is: it holds 8-bit text and the server does not offer 8BITMIME, and a conversion would break its multipart/encrypted"},
		{"S/MIME", "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: binary\n\n\x00\x01\n", eight,
			"5.6.3 the message cannot go to this server as it is: it holds a NUL octet, and a conversion would break its application/pkcs7-mime"},
		{"DKIM", "DKIM-Signature: v=1\n\nä\n", seven,
			"5.6.3 the message cannot go to this server as it is: it holds 8-bit text and the server does not offer 8BITMIME, and a conversion would break its DKIM-Signature"},
		{"an encoding that nobody knows", "Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\n" + long + "\n", eight,
			`5.6.1 the message cannot go to this server: it has a line of 1200 octets where 998 are allowed, and the content-transfer-encoding "x-uuencode" is not known`},
		{"a type that may not be encoded", "Content-Type: message/partial\n\nä\n", seven,
			`5.6.1 the message cannot go to this server: it holds 8-bit text and the server does not offer 8BITMIME, and nothing of type "message/partial" may be encoded`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := fit.Fit(split(c.in), c.server, false)
			var e *fit.Error
			if !errors.As(err, &e) || e.Error() != c.want {
				t.Errorf("have %v\nwant %v", err, c.want)
			}
		})
	}
}

func TestABinaryPartKeepsItsOctetsAndTheRestGetsCRLF(t *testing.T) {
	m := split("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=bb\nContent-Transfer-Encoding: binary\n\n" +
		"--bb\n\ntext\n--bb\nContent-Type: image/x\nContent-Transfer-Encoding: binary\n\n\x00\n\r\r\n--b\n--bb--\n")
	c, err := fit.Fit(m, binaryMIME, false)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(wire(t, c), "\r\n\r\n")
	want := "--bb\r\n\r\ntext\r\n--bb\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\x00\n\r\r\n--b\r\n--bb--\r\n"
	if body != want || c.BodyType() != "BINARYMIME" {
		t.Errorf("BODY=%s\nhave %q\nwant %q", c.BodyType(), body, want)
	}
}

func TestSMTPUTF8IsUsedWhereItIsWantedAndOffered(t *testing.T) {
	m := split("Subject: ä\nX-Latin: \xe4\n\nb\n")
	c, err := fit.Fit(m, smtpUTF8, true)
	if err != nil {
		t.Fatal(err)
	}
	if have, want := wire(t, c), "Subject: ä\r\nX-Latin: =?unknown-8bit?b?5A==?=\r\n\r\nb\r\n"; have != want || !c.SMTPUTF8() || c.BodyType() != "8BITMIME" {
		t.Errorf("SMTPUTF8 %v, BODY=%s\nhave %q\nwant %q", c.SMTPUTF8(), c.BodyType(), have, want)
	}
	if c, err := fit.Fit(m, eight, true); err != nil || c.SMTPUTF8() {
		t.Errorf("SMTPUTF8 without the offer (%v)", err)
	}
}

func TestTheNoteSaysWhatWasConverted(t *testing.T) {
	m := split(mixed + "--bb\n\nä\n--bb\n\nö\n--bb\nContent-Type: image/x\n\nü\n--bb--\n")
	c, err := fit.Fit(m, seven, false)
	if err != nil {
		t.Fatal(err)
	}
	if have, want := c.Note(), "2 parts converted to quoted-printable, 1 part converted to base64"; have != want {
		t.Errorf("have %q, want %q", have, want)
	}
	if c, _ := fit.Fit(m, eight, false); c.Note() != "" {
		t.Errorf("nothing was converted, but: %q", c.Note())
	}
}

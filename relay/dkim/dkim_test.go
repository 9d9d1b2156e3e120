package dkim

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	verifier "github.com/emersion/go-msgauth/dkim"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// text is a message that is written in pieces of the given size.
type text struct {
	s    string
	size int
}

func (t text) WriteTo(w io.Writer) (n int64, err error) {
	for s := t.s; s != ""; {
		m, err := w.Write([]byte(s[:min(t.size, len(s))]))
		n += int64(m)
		if err != nil {
			return n, err
		}
		s = s[m:]
	}
	return n, nil
}

// newSigner makes a key file, and the record that a verifier finds.
func newSigner(t testing.TB, key crypto.Signer) (s *Signer, record string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	switch public := key.Public().(type) {
	case ed25519.PublicKey:
		record = "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	case *rsa.PublicKey:
		der, _ := x509.MarshalPKIXPublicKey(public)
		record = "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
	return &Signer{Domain: "sender.example", Selector: "s1", KeyFile: path}, record
}

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"ed25519": edwards, "rsa": r}
}

func verify(message, record string) error {
	found, err := verifier.VerifyWithOptions(strings.NewReader(message), &verifier.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) {
			if name != "s1._domainkey.sender.example" {
				return nil, errors.New("asked for " + name)
			}
			return []string{record}, nil
		},
	})
	switch {
	case err != nil:
		return err
	case len(found) != 1:
		return errors.New("no signature was found")
	}
	return found[0].Err
}

func TestAnIndependentVerifierAgrees(t *testing.T) {
	bodies := map[string]string{
		"plain":                           "hello\r\n",
		"empty":                           "",
		"nothing but empty lines":         "\r\n\r\n\r\n",
		"nothing but blanks":              " \t \r\n",
		"blanks in runs and at line ends": "a  b\t\tc \t\r\n  d\r\n",
		"empty lines in the middle":       "a\r\n\r\n\r\nb\r\n\r\n\r\n",
		"no line end at the end":          "a\r\nb  ",
		"octets above 127 and NUL":        "\xff\x00ä\r\n",
		"a line of dots":                  ".\r\n..\r\n",
		"large":                           strings.Repeat("0123456789 abcdef\t\r\n", 20_000),
	}
	heads := map[string]string{
		"short":   "From: me@sender.example\r\n",
		"usual":   "Received: x\r\nFrom: Me <me@sender.example>\r\nTo: a@b.example,\r\n\tc@d.example\r\nSubject:  a   b \r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@x>\r\nBcc:\r\n",
		"doubled": "from : me@sender.example\r\nSubject: one\r\nSUBJECT: two\r\nSubject:\r\nTo:\r\n \r\n x@y\r\nReferences: " + strings.Repeat("<a@b>\r\n ", 300) + "<c@d>\r\n",
		"utf-8":   "From: me@sender.example\r\nSubject: Grüße\r\n",
	}
	for kind, key := range keys(t) {
		s, record := newSigner(t, key)
		for head, header := range heads {
			for name, body := range bodies {
				t.Run(kind+", "+head+" header, body "+name, func(t *testing.T) {
					message := header + "\r\n" + body
					field, err := s.Sign(text{message, 7 + len(message)/50}, now)
					if err != nil {
						t.Fatal(err)
					}
					if err := verify(string(field)+message, record); err != nil {
						t.Errorf("%v\n%s", err, field)
					}
				})
			}
		}
	}
}

func TestWhatIsSignedCannotBeChanged(t *testing.T) {
	s, record := newSigner(t, keys(t)["ed25519"])
	message := "From: me@sender.example\r\nSubject: money\r\nX-Other: 1\r\n\r\nten\r\n"
	field, err := s.Sign(text{message, 1000}, now)
	if err != nil {
		t.Fatal(err)
	}
	for change, good := range map[string]bool{
		"ten=eleven": false, "money=more": false, "me@=you@": false,
		"From:=From: x@evil.example\r\nFrom:":       false, // sealed: named once more than it is there
		"From:=To: everybody@evil.example\r\nFrom:": false,
		"X-Other: 1=X-Other: 2":                     true, // not signed
		"money= money  ":                            true, // the relaxed way
	} {
		old, other, _ := strings.Cut(change, "=")
		err := verify(string(field)+strings.Replace(message, old, other, 1), record)
		if (err == nil) != good {
			t.Errorf("%q: %v", change, err)
		}
	}
}

func TestTheFieldKeepsToTheWidthOfAHeader(t *testing.T) {
	s, _ := newSigner(t, keys(t)["rsa"])
	field, err := s.Sign(text{"From: a@b\r\n" + strings.Repeat("References: <x@y>\r\n", 50) + "\r\n", 1000}, now)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(field) {
		if len(line) > 80 {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	if !bytes.HasPrefix(field, []byte("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=sender.example;\r\n\ts=s1; t=1772366400;\r\n")) {
		t.Errorf("%s", field)
	}
}

func TestKeysThatCannotSign(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // or there would be no such key to test with
	small, err := rsa.GenerateKey(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":     {"", `no "PRIVATE KEY" in PEM form is in it`},
		"a password":  {"s3cret\n", `no "PRIVATE KEY" in PEM form is in it`},
		"certificate": {encode("CERTIFICATE", []byte("x")), `no "PRIVATE KEY" in PEM form is in it`},
		"malformed":   {encode("PRIVATE KEY", []byte("s3cret")), "the private key is malformed"},
		"encrypted":   {encode("ENCRYPTED PRIVATE KEY", []byte("x")), "the private key is encrypted; nobody is here to ask for its password"},
		"short":       {encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small)), "the RSA key has 512 bits, and no verifier takes less than 1024"},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := (&Signer{KeyFile: path}).Sign(text{"From: a@b\r\n\r\n", 9}, now)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&Signer{KeyFile: "/nowhere\n/key"}).Key(); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestMemoryDoesNotGrowWithTheBody signs 16 MiB that come from nowhere.
func TestMemoryDoesNotGrowWithTheBody(t *testing.T) {
	s, _ := newSigner(t, keys(t)["ed25519"])
	if _, err := s.Key(); err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 70) + "\r\n"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := s.Sign(repeated{"From: a@b\r\n\r\n", line, 16 << 20 / len(line)}, now); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
		t.Errorf("%d octets were allocated", n)
	}
}

type repeated struct {
	head, line string
	n          int
}

func (r repeated) WriteTo(w io.Writer) (int64, error) {
	if _, err := io.WriteString(w, r.head); err != nil {
		return 0, err
	}
	line := []byte(r.line)
	for range r.n {
		if _, err := w.Write(line); err != nil {
			return 0, err
		}
	}
	return int64(len(r.head) + r.n*len(r.line)), nil
}

func FuzzAnIndependentVerifierAgrees(f *testing.F) {
	s, record := newSigner(f, keys(f)["ed25519"])
	f.Add("Subject: x\r\n", "a \r\n\r\n")
	f.Add("to:\r\n\t \r\n b\r\n", "\r\n \t\r\nb")
	f.Fuzz(func(t *testing.T, header, body string) {
		lines := func(s string) string {
			return strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(s, "\r", ""), "\x00", ""), "\n", "\r\n")
		}
		header, body = lines(header), lines(body)
		for line := range strings.Lines(header) { // only fields: that is what the rest of the program makes
			name, _, ok := strings.Cut(line, ":")
			if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' }) || !strings.HasSuffix(line, "\r\n") {
				t.Skip("no header")
			}
			if strings.ContainsAny(line, "\v\f\u0085\u00a0") || strings.EqualFold(name, "DKIM-Signature") {
				t.Skip("blanks that are none in mail")
			}
		}
		message := "From: a@sender.example\r\n" + header + "\r\n" + body
		field, err := s.Sign(text{message, 13}, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(string(field)+message, record); err != nil {
			t.Errorf("%v\n%q", err, string(field)+message)
		}
	})
}

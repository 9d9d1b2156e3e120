package dkim

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
)

func TestARecordIsHeldAgainstThePrivateKey(t *testing.T) {
	all := keys(t)
	ed, rsaKey := all["ed25519"], all["rsa"]
	edRecord, rsaRecord := Record(ed), Record(rsaKey)
	old := "p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(rsaKey.Public().(*rsa.PublicKey)))
	for _, tt := range []struct{ name, record, want string }{
		{"its own", edRecord, ""},
		{"blanks in the key", strings.Replace(edRecord, "p=", "p= ", 1) + " ;", ""},
		{"of another kind", rsaRecord, `it is for a key of kind "rsa", and the private key is ed25519`},
		{"revoked", "v=DKIM1; k=ed25519; p=", "its key has been revoked (p= is empty)"},
		{"no key", "v=DKIM1; k=ed25519", "it has no key (p=)"},
		{"no base64", "v=DKIM1; k=ed25519; p=?", "its key is not base64"},
		{"another key", "v=DKIM1; k=ed25519; p=AAAA", "its public key is not the other half of the private key"},
		{"only for sha1", edRecord + "; h=sha1", "it does not allow sha256 (h=)"},
		{"for sha256 too", edRecord + "; h=sha1 : sha256", ""},
		{"not for mail", edRecord + "; s=tlsrpt", "it is not for mail (s=)"},
		{"of another version", "v=DKIM2; p=AAAA", "v=DKIM1 does not stand at its beginning"},
		{"something else", "hello", "it has no key (p=)"},
	} {
		got := ""
		if err := CheckRecord(tt.record, ed); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, record := range []string{rsaRecord, old} {
		if err := CheckRecord(record, rsaKey); err != nil {
			t.Errorf("%s: %v", record, err)
		}
	}
}

func FuzzARecordIsJudgedAndNothingElse(f *testing.F) {
	key := keys(f)["ed25519"]
	f.Add(Record(key))
	f.Add("v=DKIM1; k=rsa; h=sha256:x; s=*; p=QUJD")
	f.Fuzz(func(t *testing.T, text string) {
		if err := CheckRecord(text, key); err == nil && !strings.Contains(text, "p") {
			t.Errorf("%q was believed", text)
		}
	})
}

package headers_test

import (
	"mime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers"
)

func TestToASCII(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"ASCII keeps its octets", "Subject:  a  \r\n\tb =?x?q?y?= ", "Subject:  a  \r\n\tb =?x?q?y?= "},
		{"words that need it are encoded together", "Subject: Hallo Grüße aus Köln an alle", "Subject: Hallo =?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?q?K=C3=B6ln?= an alle"},
		{"the white space between two encoded words is in the first", "Subject: für  Köln", "Subject: =?utf-8?q?f=C3=BCr__K=C3=B6ln?="},
		{"what Q would blow up takes B", "Subject: 日本語", "Subject: =?utf-8?b?5pel5pys6Kqe?="},
		{"other octets are unknown-8bit", "Subject: caf\xe9 latin", "Subject: =?unknown-8bit?q?caf=E9?= latin"},
		{"a word is UTF-8 or not for itself", "Subject: Köln \xe9a", "Subject: =?utf-8?q?K=C3=B6ln?= =?unknown-8bit?q?_=E9a?="},
		{"a word next to an encoded word takes the white space in", "Subject: =?utf-8?q?a?= ü =?utf-8?q?b?= c", "Subject: =?utf-8?q?a?= =?utf-8?q?_=C3=BC_?= =?utf-8?q?b?= c"},
		{"a field of an unknown name is text", "X-Whatever: Größe=1;x", "X-Whatever: =?utf-8?q?Gr=C3=B6=C3=9Fe=3D1=3Bx?="},
		{"no white space behind the colon", "Subject:für", "Subject:=?utf-8?q?f=C3=BCr?="},
		{"folds stay", "Subject: a\r\n\tfür\r\n b", "Subject: a\r\n\t=?utf-8?q?f=C3=BCr?=\r\n b"},
		{"a display name", "To: Jörg Müller <jm@example.org>", "To: =?utf-8?q?J=C3=B6rg_M=C3=BCller?= <jm@example.org>"},
		{"a quoted display name, a bare one beside it", "To: \"Müller, \\\"J\\\"\" <a@example.org>, \"B, C\" <b@example.org>", "To: =?utf-8?q?M=C3=BCller=2C_=22J=22?= <a@example.org>, \"B, C\" <b@example.org>"},
		{"only the words of a name that need it", "To: J. R. \"X, Y\" Größe<a@example.org>", "To: J. R. \"X, Y\" =?utf-8?q?Gr=C3=B6=C3=9Fe?= <a@example.org>"},
		{"a comment, nested and escaped", "From: a@example.org (gr\\üß (in Köln) \\) x)", "From: a@example.org (=?utf-8?q?gr=C3=BC=C3=9F?= (in =?utf-8?q?K=C3=B6ln?=)\r\n \\) x)"},
		{"the name of a group", "To: Köln: a@example.org, b@example.org;", "To: =?utf-8?q?K=C3=B6ln?= : a@example.org, b@example.org;"},
		{"a domain becomes A-labels", "To: Bob <bob@bücher.example>, \"a b\"@BÜCHER.example", "To: Bob <bob@xn--bcher-kva.example>, \"a b\"@xn--bcher-kva.example"},
		{"a local part becomes a group", "To: Jörg <jörg@example.org>, b@example.org", "To: =?utf-8?q?J=C3=B6rg_j=C3=B6rg=40example=2Eorg?= :;, b@example.org"},
		{"a bare local part becomes a group", "From: jörg@example.org", "From: =?utf-8?q?j=C3=B6rg=40example=2Eorg?= :;"},
		{"in a group a local part becomes a comment", "To: g: a@example.org, J <jörg@example.org>;", "To: g: a@example.org, J (=?utf-8?q?j=C3=B6rg=40example=2Eorg?=);"},
		{"a domain that has no A-label", "To: bob@ü\u200d.example", "To: =?utf-8?q?bob=40=C3=BC=E2=80=8D=2Eexample?= :;"},
		{"keywords are phrases", "Keywords: Größe, x", "Keywords: =?utf-8?q?Gr=C3=B6=C3=9Fe?= , x"},
		{"a comment in a field of tokens", "Received: from x (Köln) by y; Fri, 20 Nov 2026 01:00:00 +0000", "Received: from x (=?utf-8?q?K=C3=B6ln?=) by y; Fri, 20 Nov 2026 01:00:00 +0000"},
		{"a token cannot be encoded", "Message-ID: <grüße@example.org>", "Downgraded-Message-ID: =?utf-8?q?=3Cgr=C3=BC=C3=9Fe=40example=2Eorg=3E?="},
		{"a parameter", "Content-Type: text/plain; charset=utf-8;\r\n\tname=\"Grüße %1.txt\"; x=y", "Content-Type: text/plain; charset=utf-8;\r\n\tname*=utf-8''Gr%C3%BC%C3%9Fe%20%251.txt; x=y"},
		{"a parameter without quotes", "Content-Disposition: attachment; filename=Grüße aus Köln.txt", "Content-Disposition: attachment;\r\n filename*=utf-8''Gr%C3%BC%C3%9Fe%20aus%20K%C3%B6ln.txt"},
		{"a parameter that is no UTF-8", "Content-Disposition: attachment; filename=\"caf\xe9\"", "Content-Disposition: attachment; filename*=unknown-8bit''caf%E9"},
		{"a parameter that is extended already", "Content-Type: a/b; name*=utf-8''Gr%C3%BCße", "Content-Type: a/b; name*=utf-8''Gr%C3%BC%C3%9Fe"},
		{"a parameter in pieces", "Content-Type: a/b; name*0=ü; name*1=ß", "Content-Type: a/b; name*0*=utf-8''%C3%BC; name*1*=%C3%9F"},
		{"a comment beside a parameter", "Content-Type: a/b; charset=utf-8 (grün); x=\"y\"", "Content-Type: a/b; charset=utf-8 (=?utf-8?q?gr=C3=BCn?=); x=\"y\""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(headers.ToASCII(read(t, tt.in+"\r\n\r\n")).Bytes())
			if diff := cmp.Diff(lines(tt.want+"\r\n"), lines(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALongTextIsDecodedToItself(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("Grüße ", 200) + "x", strings.Repeat("日本語", 300), strings.Repeat("ab ü 😀", 100),
		strings.Repeat("a", 200) + " ü " + strings.Repeat("b", 200),
	} {
		h := headers.ToASCII(read(t, "Subject: "+text+"\r\n"))
		f, _ := h.First("Subject")
		for line := range strings.Lines(string(f.Raw())) {
			if strings.Contains(line, "=?") && len(line) > 76+2 {
				t.Errorf("line of %d octets: %q", len(line)-2, line)
			}
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(f.Value()); err != nil || got != text {
			t.Errorf("%v\n got %q\nwant %q", err, got, text)
		}
	}
}

func TestALongParameterIsCutInPiecesAndDecodedToItself(t *testing.T) {
	name := strings.Repeat("Grüße aus Köln ", 20) + ".txt"
	h := headers.ToASCII(read(t, "Content-Disposition: attachment; filename=\""+name+"\"; size=1\r\n"))
	f, _ := h.First("Content-Disposition")
	_, params, err := mime.ParseMediaType(f.Value())
	if err != nil || params["filename"] != name || params["size"] != "1" {
		t.Errorf("%v %q", err, params)
	}
	if n := headers.LongestLine(h); n > 76 {
		t.Errorf("line of %d octets:\n%s", n, h.Bytes())
	}
}

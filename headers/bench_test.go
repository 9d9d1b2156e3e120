package headers_test

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"mailchute/headers"
	"mailchute/headers/address"
)

const typical = `Received: from localhost (localhost [127.0.0.1])
	by mail.example.net with ESMTP id 4abc; Fri, 20 Nov 2026 01:00:00 +0000
From: "Cron Daemon" <root@host.example.net>
To: Alice Liddell <alice@example.org>, bob
Cc: carol@example.org
Bcc: dave@example.org
Subject: Cron <root@host> /usr/local/bin/backup
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
Auto-Submitted: auto-generated

body
`

func bench(b *testing.B, text string) {
	p := basicPolicy()
	p.Domain = "example.net"
	p.Identity = address.Addr{Local: "svc", Domain: "corp.example.net"}
	source := strings.NewReader(text)
	r := bufio.NewReaderSize(source, 64<<10)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		source.Reset(text)
		r.Reset(source)
		h, err := headers.Read(r)
		if err != nil {
			b.Fatal(err)
		}
		if h, _, err = headers.Rewrite(h, p); err != nil {
			b.Fatal(err)
		}
		if h = headers.Fold(headers.ToASCII(h)); len(h.Bytes()) == 0 {
			b.Fatal("nothing left")
		}
	}
}

func BenchmarkTypicalHeader(b *testing.B) { bench(b, typical) }

func BenchmarkTenThousandRecipients(b *testing.B) {
	var to strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&to, ",\n Recipient <r%05d@example.org>", i)
	}
	bench(b, "From: a@example.net\nTo: x@example.org"+to.String()+"\n\nbody\n")
}

func BenchmarkTwentyThousandFields(b *testing.B) {
	var fields strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&fields, "X-%d: v\n", i)
	}
	bench(b, fields.String()+"\nbody\n")
}

func BenchmarkEncodeAMegabyteOfText(b *testing.B) {
	bench(b, "Subject: "+strings.Repeat("Grüße ", 150_000)+"\n\nbody\n")
}

package smtp

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckCommand(t *testing.T) {
	long := strings.Repeat("x", 499)
	tests := []struct {
		name, path string
		parameters []string
		unicode    bool
		want       error
	}{
		{"a mailbox", "a@b.example", []string{"SIZE=1", "BODY=8BITMIME"}, false, nil},
		{"the null path", "", nil, false, nil},
		{"blanks and brackets inside quotes", `"a <\"> b"@b.example`, nil, false, nil},
		{"a line end", "a@b\r\nRCPT TO:<c@d>", nil, false, errControl},
		{"NUL", "a\x00@b", nil, false, errControl},
		{"DEL", "a\x7f@b", nil, false, errControl},
		{"a line end inside quotes", "\"a\r\n\"@b", nil, false, errControl},
		{"a blank", "a@b SIZE=1", nil, false, errBlank},
		{"a bracket", "a@b> <c", nil, false, errBlank},
		{"a quote that does not end", `"a@b`, nil, false, errQuote},
		{"a quote that ends escaped", `"a\`, nil, false, errQuote},
		{"UTF-8 without SMTPUTF8", "só@b", nil, false, errASCII},
		{"UTF-8 with SMTPUTF8", "só@b", nil, true, nil},
		{"invalid UTF-8", "s\xf3@b", nil, true, errUTF8},
		{"a parameter with a blank", "a@b", []string{"SIZE=1 X"}, false, errBlank},
		{"a parameter with a line end", "a@b", []string{"SIZE=1\r\nDATA"}, false, errControl},
		{"an empty parameter", "a@b", []string{""}, false, errEmpty},
		{"512 octets", long[:498], nil, false, nil},
		{"more than 512 octets", long, nil, false, errTooLong},
		{"more with parameters", long, []string{"ORCPT=rfc822;x"}, false, nil},
		{"too much with parameters", long, []string{"ORCPT=" + strings.Repeat("x", 1100)}, false, errTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkCommand(tt.path, tt.parameters, tt.unicode); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

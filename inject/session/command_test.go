package session

import (
	"strings"
	"testing"
)

func TestWhiteSpaceBehindAVerbParts(t *testing.T) {
	for line, want := range map[string]command{
		"noop":                     {"NOOP", ""},
		"NOOP \t ":                 {"NOOP", ""},
		"MAIL\tFROM:<a>":           {"MAIL", "FROM:<a>"},
		"BDAT\t5":                  {"BDAT", "5"},
		"bdat \t5\tLAST\t":         {"BDAT", "5 LAST"},
		"RCPT  TO:<\"a b\"@x>":     {"RCPT", "TO:<\"a b\"@x>"},
		"EHLO x":                   {"EHLO", "x"},
		"":                         {},
		"MAIL FROM:<jörg@example>": {"MAIL", "FROM:<jörg@example>"},
	} {
		if got, bad := parseCommand([]byte(line)); bad != nil || got != want {
			t.Errorf("%q is %+v, %v", line, got, bad)
		}
	}
	for _, line := range []string{"RCPT TO:<\"a\tb\"@x>", "MAIL FROM:<a>\tSIZE=1", "NO\x00OP", "NOOP\x7f", "BDAT 5\vLAST", "MAIL FROM:<\xff>", "NOOP\r"} {
		if got, bad := parseCommand([]byte(line)); bad == nil {
			t.Errorf("%q is taken as %+v", line, got)
		}
	}
}

// TestAChunkIsNeverReadAsCommands: whatever is wrong with BDAT, what follows it may
// be its chunk.
func TestAChunkIsNeverReadAsCommands(t *testing.T) {
	const smuggled = "MAIL FROM:<evil@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nx\r\n.\r\n"
	for _, bdat := range []string{"BDAT\v71", "BDAT 71\x00", "BDAT " + strings.Repeat(" ", 3000) + "71", "BDAT " + strings.Repeat("7", 9000), "BDAT \xff", "bdat", "BDAT x", "BDAT 71 LASTLY"} {
		var got []delivered
		out, _, _ := talk(options(t, &got), "EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n"+bdat+"\r\n"+smuggled)
		if len(got) > 0 || !strings.HasSuffix(out, "\r\n521 5.5.4 want BDAT size, maybe with LAST\r\n") {
			t.Errorf("%.20q: %d messages, %q", bdat, len(got), out)
		}
	}
	var got []delivered
	out, _, _ := talk(options(t, &got), "EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nBDAT\t5\r\nNOOP\nBDAT\t0\tLAST\r\nQUIT\r\n")
	if len(got) != 1 || got[0].text != "NOOP\n" {
		t.Errorf("%v, %q", got, out)
	}
}

func TestOrdersThatMustNotBe(t *testing.T) {
	const open = "EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n"
	for input, want := range map[string]string{
		"RCPT TO:<b@x>\r\n":                        "503 ",
		"DATA\r\n":                                 "503 ",
		"BDAT 0 LAST\r\n":                          "503 ",
		open + "MAIL FROM:<c@x>\r\n":               "503 ",
		open + "BDAT 1\r\nxDATA\r\n":               "503 ",
		open + "BDAT 1\r\nxRCPT TO:<c@x>\r\n":      "503 ",
		open + "BDAT 1\r\nxMAIL FROM:<c@x>\r\n":    "503 ",
		open + "DATA\r\nx\r\n.\r\nBDAT 0 LAST\r\n": "503 ",
		open + "BDAT 0 LAST\r\nDATA\r\n":           "503 ",
		open + "EHLO y\r\nDATA\r\n":                "503 ",
		open + "HELO y\r\nRCPT TO:<b@x>\r\n":       "503 ",
		open + "RSET\r\nDATA\r\n":                  "503 ",
		"MAIL FROM:<a@x>\r\nDATA\r\n":              "554 ",
		"MAIL FROM:<a@x>\r\nBDAT 1 LAST\r\nx":      "554 ",
	} {
		var got []delivered
		out, _, _ := talk(options(t, &got), input+"NOOP\r\n")
		lines := strings.Split(strings.TrimSuffix(out, "\r\n"), "\r\n")
		if len(lines) < 2 || !strings.HasPrefix(lines[len(lines)-2], want) {
			t.Errorf("%q: %q, want %s", input, out, want)
		}
	}
}

func TestNumbersKeepToTheirGrammar(t *testing.T) {
	for parameter, want := range map[string]string{
		"SIZE=12345678901234567890": "552 5.3.4 ", "SIZE=123456789012345678901": "501 5.5.4 ", "SIZE=abcdefghijklmnopqrs": "501 5.5.4 ", "SIZE=-1": "501 5.5.4 ", "SIZE=0": "250 ",
		"MT-PRIORITY=-0": "501 5.5.4 ", "MT-PRIORITY=-9": "250 ", "MT-PRIORITY=+1": "501 5.5.4 ", "MT-PRIORITY=10": "501 5.5.4 ",
		"BY=0000000005;R": "501 5.5.4 ", "BY=+5;R": "250 ", "BY=0;R": "501 5.5.4 ", "BY=-5;N": "250 ", "BY=5;RT": "250 ", "BY=5": "501 5.5.4 ", "BY=--5;N": "501 5.5.4 ",
		"HOLDFOR=0": "501 5.5.4 ", "HOLDFOR=60": "250 ", "HOLDFOR=999999999": "501 5.5.4 ", "HOLDUNTIL=2030-01-31T12:00:01Z": "250 ",
		"BODY=binarymime": "250 ", "BODY=BINARY": "501 5.5.4 ",
	} {
		var got []delivered
		out, _, _ := talk(options(t, &got), "MAIL FROM:<a@x> "+parameter+"\r\nQUIT\r\n")
		if answer := strings.Split(out, "\r\n")[1]; !strings.HasPrefix(answer, want) {
			t.Errorf("%s: %s, want %s", parameter, answer, want)
		}
	}
}

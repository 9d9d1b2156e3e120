package session

import (
	"fmt"
	"strings"
	"testing"
)

// crowd is a transaction with n recipients, and a text.
func crowd(n int, end string) string {
	var b strings.Builder
	b.WriteString("EHLO x\r\nMAIL FROM:<a@x.example>\r\n")
	for i := range n {
		fmt.Fprintf(&b, "RCPT TO:<r%d@x.example>\r\n", i)
	}
	return b.String() + end
}

const wholeText = "DATA\r\nSubject: x\r\n\r\n.\r\n"

func TestWithoutRoomMessagesAreTakenAllTheSame(t *testing.T) {
	var got []delivered
	o := options(t, &got)
	o.Room = NewRoom(0)
	out, sum, err := talk(o, crowd(sureRecipients+5, "DATA\r\nSubject: x\r\n\r\n"+strings.Repeat("text\r\n", 5000)+".\r\nQUIT\r\n"))
	if err != nil || sum.Accepted != 1 || sum.Refused != 5 || strings.Count(out, "452 4.5.3 ") != 5 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if len(got[0].Recipients) != sureRecipients || len(got[0].text) != len("Subject: x\r\n\r\n")+6*5000 {
		t.Errorf("%d recipients, %d octets", len(got[0].Recipients), len(got[0].text))
	}
}

// TestLongWordsAboutRecipientsNeedRoom: 1024 sessions may stay at this point.
func TestLongWordsAboutRecipientsNeedRoom(t *testing.T) {
	o := options(t, new([]delivered))
	o.Room = NewRoom(0)
	var b strings.Builder
	b.WriteString("EHLO x\r\nMAIL FROM:<a@x.example>\r\n")
	for i := range sureRecipients {
		fmt.Fprintf(&b, "RCPT TO:<r%d@x.example> ORCPT=rfc822;%s\r\n", i, strings.Repeat("x", 480))
	}
	out, sum, err := talk(o, b.String()+"QUIT\r\n")
	if refused := strings.Count(out, "452 4.5.3 "); err != nil || refused < 80 || refused == sureRecipients || sum.Refused != refused {
		t.Errorf("%d were refused; %+v, %v", refused, sum, err)
	}
}

func TestRoomIsGivenBackHoweverATransactionEnds(t *testing.T) {
	const size = 1 << 20
	for _, tt := range []struct{ name, input string }{
		{"delivered", crowd(200, wholeText)},
		{"delivered in chunks", crowd(200, "BDAT 5\r\nhello\r\nBDAT 0 LAST\r\n")},
		{"reset", crowd(200, "RSET\r\n")},
		{"reset behind a chunk", crowd(200, "BDAT 5\r\nhello\r\nRSET\r\n")},
		{"another EHLO", crowd(200, "EHLO y\r\n")},
		{"the client went away", crowd(200, "")},
		{"in the middle of the text", crowd(200, "DATA\r\nSubject: x\r\n")},
		{"in the middle of a chunk", crowd(200, "BDAT 500\r\nhello")},
		{"too large", crowd(200, "DATA\r\n"+strings.Repeat("x", 5000)+"\r\n.\r\n")},
		{"several", crowd(200, wholeText+strings.TrimPrefix(crowd(200, wholeText), "EHLO x\r\n"))},
	} {
		var got []delivered
		o := options(t, &got)
		o.Limits.Size = 4000
		o.Room = NewRoom(size)
		if out, _, _ := talk(o, tt.input); strings.Contains(out, "452 ") {
			t.Errorf("%s: there was no room", tt.name)
		}
		if left := o.Room.left.Load(); left != size {
			t.Errorf("%s: %d octets are missing", tt.name, size-left)
		}
	}
}

func TestOneSessionWithoutEndLeavesTheOthersTheirHundred(t *testing.T) {
	var got []delivered
	o := options(t, &got)
	o.Room = NewRoom(100 << 10)
	o.Limits.Memory = leastMemory
	greedy, sum, _ := talk(o, crowd(2000, "NOOP\r\n"))
	if sum.Refused == 0 || !strings.Contains(greedy, "452 4.5.3 too many recipients at the moment") {
		t.Errorf("%+v", sum)
	}
	if got := o.Room.left.Load(); got != 100<<10 {
		t.Errorf("%d octets are left", got)
	}
	o.Room.take(100 << 10) // while it goes on
	if _, sum, err := talk(o, crowd(sureRecipients, wholeText)); err != nil || sum.Accepted != 1 || sum.Refused != 0 {
		t.Errorf("%+v, %v", sum, err)
	}
}

package inject

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailchute/relay/envelope"
)

func priority(n int) envelope.Options { return envelope.Options{Priority: &n} }

func TestParseArgs(t *testing.T) {
	two := []string{"a@b", "c@d"}
	for _, c := range []struct {
		name string
		argv string // words are parted by blanks; '' is an empty one
		want Args
	}{
		{"recipients alone", "a@b c@d", Args{Recipients: two}},
		{"flags combine", "-ti", Args{FromHeader: true, IgnoreDots: true}},
		{"flags combine with an option that takes the rest of the word", "-tif me@x a@b c@d", Args{FromHeader: true, IgnoreDots: true, HasSender: true, Sender: "me@x", Recipients: two}},
		{"a value may be attached", "-fme@x -FJoe a@b c@d", Args{HasSender: true, Sender: "me@x", FullName: "Joe", Recipients: two}},
		{"a value may be the next argument", "-f me@x -F Joe a@b c@d", Args{HasSender: true, Sender: "me@x", FullName: "Joe", Recipients: two}},
		{"the null sender", "-f '' a@b c@d", Args{HasSender: true, Recipients: two}},
		{"the null sender in brackets", "-f <>", Args{HasSender: true, Sender: "<>"}},
		{"-r is -f, and the last one counts", "-fx -r y", Args{HasSender: true, Sender: "y"}},
		{"options behind recipients are options", "a@b -i c@d -t", Args{IgnoreDots: true, FromHeader: true, Recipients: two}},
		{"nothing behind -- is an option", "-i -- -t -f a@b", Args{IgnoreDots: true, Recipients: []string{"-t", "-f", "a@b"}}},
		{"a value that looks like an option is a value", "-f -t", Args{HasSender: true, Sender: "-t"}},
		{"-- can be a value", "-F -- a@b", Args{FullName: "--", Recipients: []string{"a@b"}}},
		{"the words of cron", "-FCronDaemon -B8BITMIME -oem root", Args{FullName: "CronDaemon", Options: envelope.Options{EightBit: true}, OnError: 'm', Recipients: []string{"root"}}},
		{"-o takes its letter attached or behind it", "-oi -o em -odq -oQ/tmp -oA /x", Args{IgnoreDots: true, OnError: 'm', Delivery: "queue", QueueDir: "/tmp", Recipients: []string{"/x"}}},
		{"-e", "-em -e q", Args{OnError: 'q'}},
		{"-O with long names in any case", "-O DeliveryMode=b -OErrorMode=q -O maxhopcount=7 -O SMTPUTF8=yes -O requiretls=yes -O IgnoreDots=true -O QueueDirectory=/q -O AliasFile=/a",
			Args{Delivery: "background", OnError: 'q', MaxHops: 7, IgnoreDots: true, QueueDir: "/q", AliasFile: "/a", Options: envelope.Options{SMTPUTF8: true, RequireTLS: true}}},
		{"what is without effect is accepted with its value", "-U -n -m -om -Am -Ac -p ESMTP -d0.1 -D /dbg -x y -T1 -o7 -O Timeout.queuereturn=5d -L tag a@b",
			Args{Options: envelope.Options{SMTPUTF8: true}, DebugFile: "/dbg", Tag: "tag", Recipients: []string{"a@b"}}},
		{"-d does not swallow a recipient", "-d a@b", Args{Recipients: []string{"a@b"}}},
		{"-d swallows a level", "-d 0.1 a@b", Args{Recipients: []string{"a@b"}}},
		{"DSN", "-N success,FAILURE,delay -R hdrs -V id-7", Args{Notify: envelope.Notify{Success: true, Failure: true, Delay: true}, Options: envelope.Options{Return: "HDRS", EnvelopeID: "id-7"}}},
		{"DSN never", "-Nnever -Rfull", Args{Notify: envelope.Notify{Never: true}, Options: envelope.Options{Return: "FULL"}}},
		{"modes", "-bp", Args{Mode: ListQueue}},
		{"-bi and -I", "-I", Args{Mode: Aliases}},
		{"-bm is the default mode", "-bs -bm", Args{Mode: Send}},
		{"-q once", "-q", Args{Mode: Flush}},
		{"-q with a time", "-q1h30m", Args{Mode: Flush, Runner: Runner{Every: 90 * time.Minute}}},
		{"-q with minutes", "-qf15", Args{Mode: Flush, Runner: Runner{Every: 15 * time.Minute, Foreground: true}}},
		{"-q with substrings", "-qRbbb.example -qSme -qIxy", Args{Mode: Flush, Runner: Runner{Recipient: "bbb.example", Sender: "me", ID: "xy"}}},
		{"-q with the odd words of callers", "-q -oi -v -i -fme@x", Args{Mode: Flush, Verbose: true, IgnoreDots: true, HasSender: true, Sender: "me@x"}},
		{"-bs with the odd words of callers", "-bs -i -oi -oem -fme@x", Args{Mode: Session, IgnoreDots: true, OnError: 'm', HasSender: true, Sender: "me@x"}},
		{"-bm behind -q sends", "-q -bm a@b c@d", Args{Recipients: two}},
		{"help of a dry run", "--dry-run --help", Args{Mode: Help, DryRun: true}},
		{"a hop count", "-h 3 -oh50", Args{Hops: 3, MaxHops: 50}},
		{"long options", "--account=work --dry-run --require-tls --priority -3", func() Args {
			a := Args{Account: "work", DryRun: true, Options: priority(-3)}
			a.Options.RequireTLS = true
			return a
		}()},
		{"a deadline", "--deliver-by 3600;NT", Args{DeliverBy: DeliverBy{Asked: true, Within: time.Hour, Trace: true}}},
		{"a deadline of the strict kind", "--deliver-by=120;r", Args{DeliverBy: DeliverBy{Asked: true, Within: 2 * time.Minute, Return: true}}},
		{"a hold", "--hold-for 3d12h", Args{HoldFor: 84 * time.Hour}},
		{"a hold until a time", "--hold-until 2030-01-31T08:00:00Z", Args{HoldUntil: time.Date(2030, 1, 31, 8, 0, 0, 0, time.UTC)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			argv := strings.Fields(c.argv)
			for i := range argv {
				if argv[i] == "''" {
					argv[i] = ""
				}
			}
			got, err := ParseArgs(argv)
			if err != nil {
				t.Fatal(err)
			}
			if c.want.Recipients == nil {
				c.want.Recipients = []string{}
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("ParseArgs(%q) (-want +got):\n%s", argv, diff)
			}
		})
	}
}

func TestParseArgsRefuses(t *testing.T) {
	for argv, word := range map[string]string{
		"-Z a@b":                        "-Z",
		"--frobnicate":                  "frobnicate",
		"--dry-run=yes":                 "takes no value",
		"a@b -f":                        "-f needs a value",
		"--account":                     "--account needs a value",
		"-bt":                           "-bt",
		"-bh":                           "-bh",
		"-ba":                           "-ba",
		"-bH":                           "-bH",
		"-bx":                           "-bx",
		"-G -t":                         "gateway",
		"-N sometimes":                  "sometimes",
		"-N never,delay":                "never",
		"-N ''":                         "-N",
		"-R half":                       "half",
		"-B 9BIT":                       "9BIT",
		"-V a\x01b":                     "printable",
		"-V " + strings.Repeat("=", 34): "100",
		"-h many":                       "-h",
		"-h -1":                         "-h",
		"-od7":                          "delivery mode",
		"-oez":                          "error mode",
		"-qx":                           "-qx",
		"-q-5m":                         "-q",
		"--priority 10":                 "priority",
		"--priority high":               "high",
		"--deliver-by 10;X":             "10;X",
		"--deliver-by 0;R":              "0;R",
		"--deliver-by ;N":               ";N",
		"--hold-for soon":               "soon",
		"--hold-for 0s":                 "0s",
		"--hold-until tomorrow":         "tomorrow",
		"-q a@b":                        "flushes the queue",
		"-bm -q a@b":                    "flushes the queue",
		"-qf a@b":                       "flushes the queue",
		"-qIabc a@b":                    "flushes the queue",
		"-q15m a@b":                     "flushes the queue",
		"a@b -q":                        `"a@b"`,
		"-t -q":                         "leave -q or -t out",
		"-bp a@b":                       "lists the queue",
		"-bp -t":                        "lists the queue",
		"-bi a@b":                       "checks the aliases",
		"-I a@b":                        "checks the aliases",
		"-bd a@b":                       "runs a server",
		"-bD -t":                        "runs a server",
		"-bs a@b":                       "speaks SMTP",
		"-bs -ti":                       "speaks SMTP",
		"--dry-run -q":                  "leave -q out",
		"--dry-run -bs":                 "leave -bs out",
		"--dry-run -bd":                 "leave -bd out",
		"--dry-run -bp":                 "leave -bp out",
		"--dry-run -bi":                 "leave -bi out",
		"--dry-run -bv a@b":             "leave -bv out",
		"--hold-for 1h --hold-until 2030-01-31T08:00:00Z": "exclude",
	} {
		words := strings.Fields(argv)
		for i := range words {
			if words[i] == "''" {
				words[i] = ""
			}
		}
		_, err := ParseArgs(words)
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("ParseArgs(%q) = %v, want an error about %q", words, err, word)
		}
		if _, ok := err.(*UsageError); err != nil && !ok {
			t.Errorf("ParseArgs(%q): %T is no usage error", words, err)
		}
	}
}

func TestNoArgumentNamesAFileUnderABorrowedName(t *testing.T) {
	a, err := ParseArgs([]string{"-C", "/c", "-X/x", "-D", "/d", "-oQ/q", "-OAliasFile=/a", "-O", "QueueDirectory=/q2", "a@b"})
	if err != nil {
		t.Fatal(err)
	}
	dropped := a.DropFiles()
	if diff := cmp.Diff([]string{"-C", "-X", "-oQ", "-oA", "-D"}, dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&Args{Recipients: []string{"a@b"}}, a); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func BenchmarkParseArgs40000Recipients(b *testing.B) {
	argv := make([]string, 40000)
	for i := range argv {
		argv[i] = "someone@example.org"
	}
	for b.Loop() {
		if _, err := ParseArgs(argv); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add("-ti\x00-fme\x00--\x00a@b")
	f.Add("-q15m\x00-odb\x00-OErrorMode=m")
	f.Fuzz(func(t *testing.T, joined string) {
		argv := strings.Split(joined, "\x00")
		a, err := ParseArgs(argv)
		if err != nil {
			return
		}
		// every recipient is an argument as it stood there
		for _, r := range a.Recipients {
			found := false
			for _, arg := range argv {
				found = found || arg == r
			}
			if !found {
				t.Errorf("recipient %q is no argument of %q", r, argv)
			}
		}
	})
}

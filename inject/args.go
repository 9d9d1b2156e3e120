// Package inject turns what a caller gives (a command line as sendmail(8) takes
// it, and a message on standard input) into a submission: an envelope and a
// message. The command line is read first and alone, as typed; who the user is,
// what the host is called and what time it is come in afterwards, as values.
package inject

import (
	"fmt"
	"strings"
	"time"

	"mailchute/relay/envelope"
)

// Mode is what the sendmail face shall do, sendmail(8) options -b and -q.
type Mode int

// The modes.
const (
	Send      Mode = iota // -bm: a message comes on standard input
	Session               // -bs: SMTP on standard input and output
	ListQueue             // -bp, mailq
	Aliases               // -bi, newaliases: check the aliases
	Verify                // -bv: show where the recipients lead, send nothing
	Serve                 // -bd, -bD
	Flush                 // -q and its forms
	Version               // --version
	Help                  // --help
)

// Args is a command line of the sendmail face, as typed: nothing is looked up,
// no address is parsed, no file is opened.
type Args struct {
	Mode       Mode
	Recipients []string // in their order; each may be a comma list

	FromHeader bool // -t
	IgnoreDots bool // -i
	HasSender  bool // -f or -r was there; Sender may be empty, the null sender
	Sender     string
	FullName   string // -F
	Notify     envelope.Notify
	Options    envelope.Options // RET, ENVID, body type, SMTPUTF8, REQUIRETLS, MT-PRIORITY
	DeliverBy  DeliverBy
	HoldFor    time.Duration // 0: not asked
	HoldUntil  time.Time     // zero: not asked

	Delivery string // "", "sync", "background" or "queue"
	OnError  byte   // 0, or one of m p q w e: option -e
	Verbose  bool
	DryRun   bool
	JSON     bool   // --json, with DryRun
	Gateway  bool   // -G
	Account  string // --account
	Tag      string // -L
	Hops     int    // -h
	MaxHops  int    // -O MaxHopCount; 0: headers.DefaultMaxHops
	Runner   Runner

	ConfigFile string // -C
	TraceFile  string // -X
	QueueDir   string // -oQ, -O QueueDirectory
	AliasFile  string // -oA, -O AliasFile
	DebugFile  string // -D, never opened
}

// DeliverBy is --deliver-by, RFC 2852 section 4: the time counts from now on,
// and now is not known here.
type DeliverBy struct {
	Asked  bool
	Within time.Duration
	Return bool
	Trace  bool
}

// Runner is what -q asks of a queue run.
type Runner struct {
	Every                 time.Duration // 0: once
	Foreground            bool
	ID, Recipient, Sender string // substrings; "" matches all
}

// UsageError is a command line that cannot be understood. Nothing has been
// read from standard input when it is returned.
type UsageError struct{ Reason string }

func (e *UsageError) Error() string { return e.Reason }

func usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// ParseArgs reads the arguments behind the program's name. Flags combine, a
// value may be attached or the next argument, options may stand behind
// recipients, "--" ends them. The error is a *UsageError.
func ParseArgs(argv []string) (*Args, error) {
	a := &Args{Recipients: make([]string, 0, len(argv))}
	for len(argv) > 0 {
		word := argv[0]
		argv = argv[1:]
		var err error
		switch {
		case word == "--":
			a.Recipients = append(a.Recipients, argv...)
			argv = nil
		case strings.HasPrefix(word, "--"):
			argv, err = a.long(word[2:], argv)
		case len(word) > 1 && word[0] == '-':
			argv, err = a.cluster(word[1:], argv)
		default:
			a.Recipients = append(a.Recipients, word)
		}
		if err != nil {
			return nil, err
		}
	}
	return a, a.consistent()
}

// consistent refuses what does not go together.
func (a *Args) consistent() error {
	if a.Gateway && a.FromHeader {
		// rfc6409bis section 5: a gateway must not build envelopes from header fields
		return usagef("-G and -t exclude each other: a gateway gives the recipients as arguments")
	}
	if a.HoldFor != 0 && !a.HoldUntil.IsZero() {
		return usagef("--hold-for and --hold-until exclude each other") // RFC 4865 section 3
	}
	if a.JSON && !a.DryRun {
		return usagef("--json goes with --dry-run only")
	}
	if err := a.takesNoMessage(); err != nil {
		return err
	}
	if n := a.Notify; n.Never && (n.Success || n.Failure || n.Delay) {
		return usagef("-N: never stands alone") // RFC 3461 section 4.1
	}
	return nil
}

// takesNoMessage refuses what belongs to a message where the mode reads none: it
// would be dropped without a word, as with "-q bob@x.example".
func (a *Args) takesNoMessage() error {
	option, does := a.Mode.errand()
	switch {
	case option == "":
		return nil
	case a.DryRun:
		return usagef("a dry run reads one message: leave %s out", option)
	case a.Mode == Verify:
		return nil // of recipients, and nobody takes it for sending
	case len(a.Recipients) > 0:
		return usagef("%s %s and takes no recipients: leave %s or %q out", option, does, option, a.Recipients[0])
	case a.FromHeader:
		return usagef("%s %s and takes no message: leave %s or -t out", option, does, option)
	}
	return nil
}

// errand is the option that asks for a mode in which no message comes on standard
// input, and what is done then; "" for the others.
func (m Mode) errand() (option, does string) {
	switch m {
	case Session:
		return "-bs", "speaks SMTP"
	case ListQueue:
		return "-bp", "lists the queue"
	case Aliases:
		return "-bi", "checks the aliases"
	case Verify:
		return "-bv", "checks the recipients"
	case Serve:
		return "-bd", "runs a server"
	case Flush:
		return "-q", "flushes the queue"
	}
	return "", ""
}

// DropFiles takes away every option that names a file or a program, and says
// which those were. A face that may be called with arguments from a stranger
// (PHP's mail(), a web form; the class of CVE-2016-10033) calls it first.
func (a *Args) DropFiles() []string {
	var dropped []string
	for _, o := range []struct {
		name  string
		value *string
	}{{"-C", &a.ConfigFile}, {"-X", &a.TraceFile}, {"-oQ", &a.QueueDir}, {"-oA", &a.AliasFile}, {"-D", &a.DebugFile}} {
		if *o.value != "" {
			dropped = append(dropped, o.name)
			*o.value = ""
		}
	}
	return dropped
}

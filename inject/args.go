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

// cluster reads one word of short options, the leading hyphen taken off.
func (a *Args) cluster(word string, rest []string) ([]string, error) {
	for word != "" {
		letter := word[0]
		word = word[1:]
		switch arity(letter) {
		case none:
			a.flag(letter)
			continue
		case attached:
			return rest, a.value(letter, word)
		case debugLevel:
			if word == "" && len(rest) > 0 && isDebugLevel(rest[0]) {
				rest = rest[1:]
			}
			return rest, nil
		case required:
			if word != "" {
				return rest, a.value(letter, word)
			}
			if len(rest) == 0 {
				return nil, usagef("option -%c needs a value", letter)
			}
			return rest[1:], a.value(letter, rest[0])
		default:
			return nil, usagef("unknown option %q; see sendmail(8)", "-"+string(rune(letter)))
		}
	}
	return rest, nil
}

type kind int

const (
	unknown    kind = iota
	none            // a flag
	required        // a value, attached or in the next argument
	attached        // what is behind it in the same word, maybe nothing
	debugLevel      // -d: as attached, or a next argument that looks like a level
)

// arity tells how an option letter of sendmail(8) takes its value.
func arity(letter byte) kind {
	switch letter {
	case 't', 'i', 'v', 'U', 'G', 'n', 'm', 'I':
		return none
	case 'f', 'r', 'F', 'N', 'R', 'V', 'B', 'b', 'C', 'X', 'h', 'L', 'o', 'O', 'e', 'A', 'p', 'D', 'x', 'T':
		return required
	case 'q':
		return attached
	case 'd':
		return debugLevel
	}
	return unknown
}

// isDebugLevel tells whether s is a debugging level of sendmail's -d, as
// "0.1" or "8.7,11": an address never is.
func isDebugLevel(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.,-") == "" && s[0] != '-'
}

func (a *Args) flag(letter byte) {
	switch letter {
	case 't':
		a.FromHeader = true
	case 'i':
		a.IgnoreDots = true
	case 'v':
		a.Verbose = true
	case 'U':
		a.Options.SMTPUTF8 = true
	case 'G':
		a.Gateway = true
	case 'I':
		a.Mode = Aliases
	}
}

func (a *Args) value(letter byte, v string) error {
	switch letter {
	case 'f', 'r':
		a.HasSender, a.Sender = true, v
	case 'F':
		a.FullName = v
	case 'N':
		return a.notify(v)
	case 'R':
		return a.ret(v)
	case 'V':
		return a.envelopeID(v)
	case 'B':
		return a.bodyType(v)
	case 'b':
		return a.mode(v)
	case 'q':
		return a.run(v)
	case 'h':
		return number(&a.Hops, "-h", v)
	case 'e':
		return a.onError(v)
	case 'o':
		return a.short(v)
	case 'O':
		return a.named(v)
	case 'L':
		a.Tag = v
	case 'C':
		a.ConfigFile = v
	case 'X':
		a.TraceFile = v
	case 'D':
		a.DebugFile = v
	}
	return nil // -A, -p, -x, -T: without effect
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

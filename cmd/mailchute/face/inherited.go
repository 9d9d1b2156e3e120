package face

import "path/filepath"

// Spelling is how a command names the options that it may inherit; "" is one that it
// has no use for. The value stands behind it.
type Spelling struct{ Tag, Trace, Aliases, QueueDir string }

// SendmailSpelling is that of sendmail(8).
var SendmailSpelling = Spelling{Tag: "-L", Trace: "-X", Aliases: "-oA", QueueDir: "-oQ"}

// Inherited is the options of a call that also hold for what it starts in the
// background: where its log, its dialogue and its mail go. Files have their whole names,
// as that is started elsewhere.
func (f *Call) Inherited(s Spelling) (options []string, err error) {
	for _, o := range []struct {
		spelt, value string
		isFile       bool
	}{
		{s.Tag, f.Args.Tag, false}, {s.Trace, f.Args.TraceFile, true},
		{s.Aliases, f.Args.AliasFile, true}, {s.QueueDir, f.Args.QueueDir, true},
	} {
		if o.spelt == "" || o.value == "" {
			continue
		}
		if o.isFile {
			if o.value, err = filepath.Abs(o.value); err != nil {
				return nil, err
			}
		}
		options = append(options, o.spelt+o.value)
	}
	return options, nil
}

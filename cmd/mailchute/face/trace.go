package face

import (
	"fmt"
	"io"
	"os"

	"mailchute/inject"
)

// Tracer shows the dialogue where -v and -X want it; nil when nobody does.
func (f *Call) Tracer() (trace io.Writer, done func(), err error) {
	done = func() {}
	var to []io.Writer
	if f.Args.Verbose {
		to = append(to, f.Stderr)
	}
	if name := f.Args.TraceFile; name != "" {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return nil, done, &inject.SpoolError{Err: fmt.Errorf("option -X: %w", err)}
		}
		done = func() { file.Close() }
		to = append(to, file)
	}
	if to == nil {
		return nil, done, nil
	}
	return io.MultiWriter(to...), done, nil
}

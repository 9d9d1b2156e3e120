package face

import (
	"slices"
	"testing"

	"mailchute/inject"
)

func TestWhatIsStartedInTheBackgroundInheritsTheOptions(t *testing.T) {
	t.Chdir("/")
	for _, tt := range []struct {
		name  string
		typed inject.Args
		want  []string
	}{
		{"nothing typed", inject.Args{Verbose: true}, nil},
		{"a tag", inject.Args{Tag: "-odd tag"}, []string{"-L-odd tag"}},
		{"files have their whole names", inject.Args{TraceFile: "x", AliasFile: "etc/aliases", QueueDir: "/q/"}, []string{"-X/x", "-oA/etc/aliases", "-oQ/q"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &Call{Args: &tt.typed}
			if got, err := f.Inherited(SendmailSpelling); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
			if got, err := f.Inherited(Spelling{}); err != nil || got != nil {
				t.Errorf("for a command that knows none: %q, %v", got, err)
			}
		})
	}
}

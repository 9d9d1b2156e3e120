package smtp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseExtensions(t *testing.T) {
	until := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name    string
		lines   []string
		private bool
		want    Extensions
	}{
		{"the first line is no keyword", []string{"SIZE 1000"}, false, Extensions{}},
		{"keywords in any case", []string{"x", "size 1000", "8bitmime", "Pipelining"}, false,
			Extensions{Size: true, MaxSize: 1000, EightBitMIME: true, Pipelining: true}},
		{"SIZE without a value, with 0, with nonsense: no limit", []string{"x", "SIZE", "SIZE 0", "SIZE -1", "SIZE many", "SIZE 99999999999999999999"}, false, Extensions{Size: true}},
		{"AUTH in both forms, each mechanism once", []string{"x", "AUTH plain LOGIN", "AUTH=LOGIN CRAM-MD5"}, false,
			Extensions{Auth: []string{"PLAIN", "LOGIN", "CRAM-MD5"}}},
		{"BINARYMIME only with CHUNKING", []string{"x", "BINARYMIME"}, false, Extensions{}},
		{"BINARYMIME and CHUNKING", []string{"x", "BINARYMIME", "CHUNKING"}, false, Extensions{BinaryMIME: true, Chunking: true}},
		{"REQUIRETLS where somebody may listen", []string{"x", "REQUIRETLS"}, false, Extensions{}},
		{"REQUIRETLS over TLS, or on a Unix socket", []string{"x", "REQUIRETLS"}, true, Extensions{RequireTLS: true}},
		{"DELIVERBY with a minimum", []string{"x", "DELIVERBY 240"}, false, Extensions{DeliverBy: true, MinBy: 4 * time.Minute}},
		{"FUTURERELEASE with both values", []string{"x", "FUTURERELEASE 3600 2030-01-02T03:04:05Z"}, false,
			Extensions{FutureRelease: true, MaxHold: time.Hour, MaxUntil: until}},
		{"FUTURERELEASE with one value is none", []string{"x", "FUTURERELEASE 3600"}, false, Extensions{}},
		{"limits; unknown and malformed ones are ignored", []string{"x", "LIMITS rcptmax=20 MAILMAX=x RCPTDOMAINMAX=0 FOO=1 MAILMAX=-3 RCPTDOMAINMAX=7"}, false,
			Extensions{Limits: Limits{RcptMax: 20, RcptDomainMax: 7}}},
		{"the rest", []string{"x", "", "STARTTLS", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "RRVS", "MT-PRIORITY MIXER", "X-FOO"}, false,
			Extensions{StartTLS: true, SMTPUTF8: true, EnhancedStatusCodes: true, DSN: true, RRVS: true, MTPriority: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parseExtensions(tt.lines, tt.private)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

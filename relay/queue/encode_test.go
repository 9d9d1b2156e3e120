package queue

import (
	"encoding/json"
	"testing"
	"time"
)

func TestASubmissionIsEncodedAsPackageJSONDoes(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 30, 15, 250e6, time.UTC)
	nine := 9
	for name, s := range map[string]submission{
		"nothing":  {},
		"the rule": {ID: "0123456789abcd", Submitted: at, User: "joe", Sender: mailbox{"a", "b.example"}, Recipients: []recipient{{Original: mailbox{"c", "d.example"}}}, Header: 12, Body: traits{Size: 1, WireSize: 2, LongestLine: 3}},
		"everything": {ID: "1", Submitted: at, Account: "work", User: "joe", UID: 1001, Errors: "m", Family: "0123456789abcd", Sender: mailbox{"a", "b"},
			Recipients: []recipient{{Original: mailbox{"c", "d"}}, {Original: mailbox{"e", "f"}, Notify: []string{"NEVER"}}, {ORCPT: "utf-8;ä<@z"}, {ValidSince: at}},
			Options:    options{Return: "FULL", Priority: &nine, Hold: &hold{Until: at, For: time.Hour}}, Header: -1,
			Body:  traits{1, 2, true, true, true, 3, true, true, 4, 5, true},
			State: &state{Version: 1, Since: at, Fates: []fate{{State: "deferred", Reply: &answer{Code: 450, Lines: []string{"x"}}}}}},
		"what has to be escaped": {ID: "\"\\\n\x7f", Account: "<&>", User: "\xff\u2028", Errors: "é", Sender: mailbox{"jörg", "bücher.example"}, Recipients: []recipient{}},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := json.Marshal(&s)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := s.appendJSON(nil); err != nil || string(got) != string(want) {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
		})
	}
	if _, err := (&submission{Submitted: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}).appendJSON(nil); err == nil {
		t.Error("a time that has no JSON is no error")
	}
}

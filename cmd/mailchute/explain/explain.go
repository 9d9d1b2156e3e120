// Package explain is the answer to "what would be done with this message, and
// why?" as a value, and as text for people.
package explain

// Explanation is all of it. Its JSON form is described in mailchute(1).
type Explanation struct {
	Configuration string     `json:"configuration"` // path; "" where there is none
	Account       string     `json:"account"`       // "" is the top level
	AccountWhy    string     `json:"account_why"`
	Smarthosts    []string   `json:"smarthosts"`
	Login         string     `json:"login"`
	Envelopes     []Envelope `json:"envelopes"`
	Malformed     []Trouble  `json:"malformed"`
	Notes         []string   `json:"notes"` // what was ignored, and why
	Changes       []Change   `json:"changes"`
	Servers       []Server   `json:"servers"` // what would be sent to two kinds of server
	Signature     string     `json:"signature"`
	Failure       []string   `json:"failure"` // what happens on failure
}

// Envelope is one transaction's worth: a list with an owner has its own.
type Envelope struct {
	Sender     string      `json:"sender"` // "" is the null one
	SenderWhy  string      `json:"sender_why"`
	Recipients []Recipient `json:"recipients"`
}

// Recipient is one mailbox that gets a copy.
type Recipient struct {
	Address   string   `json:"address"`
	Why       string   `json:"why"`
	Redirects []string `json:"redirects"` // remembered ones that apply, in words
}

// Trouble is a recipient, or a wish, that cannot be.
type Trouble struct {
	Recipient string `json:"recipient"`
	Reason    string `json:"reason"`
}

// Change is what a rule did to one field.
type Change struct {
	Rule   string `json:"rule"`   // with the clause that asks for it
	Before string `json:"before"` // "" where the field was not there
	After  string `json:"after"`  // "" where it is no more
}

// Server is what one kind of server would get.
type Server struct {
	Kind     string    `json:"kind"`
	Body     string    `json:"body"`           // what is done to it, in words
	Changes  []Change  `json:"header_changes"` // behind those of all servers
	Commands []string  `json:"commands"`       // in their order
	Notes    []string  `json:"notes"`          // wishes that are dropped
	Refused  []Trouble `json:"refused"`        // who could not be sent there
}

package face

import (
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/journal"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
)

// OpenJournal opens the log of an account, for what this user sends. The journal has
// to be closed.
func (f *Call) OpenJournal(a *config.Account) (*journal.Journal, error) {
	book, err := logbook.Open(a.Log.To, a.Log.Format, f.Tag())
	if err != nil {
		return nil, &exit.ConfigError{Err: err}
	}
	return journal.New(book, a.Name, f.Who.Login), nil
}

// Tag is the name of the program in the log: as option -L says, else its own.
func (f *Call) Tag() string {
	if f.Args.Tag != "" {
		return f.Args.Tag
	}
	return "mailchute"
}

package face

import (
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/journal"
	"mailchute/relay/logbook"
)

// Book is the log of a queue run.
func (f *Call) Book() (*journal.Journal, func(), error) {
	book, err := logbook.Open(f.Config.Default.Log.To, f.Config.Default.Log.Format, f.Tag())
	if err != nil {
		return nil, nil, &exit.ConfigError{Err: err}
	}
	return &journal.Journal{Book: book, User: f.Who.Login}, func() { book.Close() }, nil
}

func (f *Call) Tag() string {
	if f.Args.Tag != "" {
		return f.Args.Tag
	}
	return "mailchute"
}

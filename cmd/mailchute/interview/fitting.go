package interview

import (
	"errors"

	"mailchute/headers/address"
	"mailchute/inject/config"
	"mailchute/inject/setup"
)

// fitting tells why no configuration could hold these answers, which may be only
// the first few: nobody should type a password for an answer that was no good.
func fitting(a setup.Answers) error {
	text, _ := a.Plan().Text("/")
	_, _, err := config.Parse("", []byte(text))
	var mistake *config.Error
	if !errors.As(err, &mistake) {
		return nil // what else there is belongs to what was not answered yet
	}
	switch mistake.Key {
	case "user", "identity.address", "identity.domain":
		return &config.Error{Key: mistake.Key, Reason: mistake.Reason, Hint: mistake.Hint}
	}
	return nil
}

// fittingAddress is fitting for the address to send as.
func fittingAddress(a address.Addr) error {
	return fitting(setup.Answers{Smarthost: "unix:/", Address: a, OwnDomain: true})
}

// fittingUser is fitting for the name to log in as.
func fittingUser(name string) error {
	return fitting(setup.Answers{Smarthost: "unix:/", User: name})
}

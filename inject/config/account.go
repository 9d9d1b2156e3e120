package config

import (
	"slices"
	"strings"
)

// All is every account: the default one, then the others in the order of the file.
func (c *Config) All() []*Account {
	all := make([]*Account, 0, 1+len(c.Accounts))
	all = append(all, &c.Default)
	for i := range c.Accounts {
		all = append(all, &c.Accounts[i])
	}
	return all
}

// Account is the account of a name; "" is the default one. The *Error for a name
// that is not there lists those that are, the nearest first.
func (c *Config) Account(name string) (*Account, error) {
	if name == "" {
		return &c.Default, nil
	}
	var names []string
	for i := range c.Accounts {
		if c.Accounts[i].Name == name {
			return &c.Accounts[i], nil
		}
		names = append(names, c.Accounts[i].Name)
	}
	e := &Error{File: c.Path, Reason: "unknown account " + quote(name), Hint: "there are no accounts"}
	if len(names) > 0 {
		short := name[:min(len(name), 64)] // no account's name is longer
		slices.SortStableFunc(names, func(a, b string) int { return distance(short, a) - distance(short, b) })
		e.Hint = "there are "
		if len(names) == 1 {
			e.Hint = "there is "
		}
		e.Hint += strings.Join(names[:min(len(names), 20)], ", ")
	}
	return nil, e
}

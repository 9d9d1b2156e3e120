package config

import "strings"

// Accepts tells whether Parse takes a value for a key, by itself: what keys mean to
// one another, Parse alone can judge. The key is dotted below its account, such as
// "tls.ca_file"; the value is a string, a bool or a list of strings.
func Accepts(key string, value any) bool {
	table, name, deep := strings.Cut(key, ".")
	if !deep {
		table, name = "", key
	}
	row := lookup(table, name)
	return row != nil && row.set(new(Account), decoded(value)) == nil
}

// decoded is a value as the decoder of TOML gives it.
func decoded(value any) any {
	words, ok := value.([]string)
	if !ok {
		return value
	}
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	return list
}

package config

import (
	"slices"
	"strconv"
	"strings"
)

// unknown is the problem of a key that is not in the schema. table is the name
// of the table it stands in, path that table's path in the file.
func unknown(path []string, table, key string, v any) problem {
	account := path
	if table != "" {
		account = path[:len(path)-1]
	}
	what := "unknown key"
	if _, ok := v.(map[string]any); ok {
		what = "unknown table"
	}
	return problem{what, whereTo(account, table, key)}
}

// whereTo is the hint for an unknown key: the table it belongs to, the nearest
// key here, the nearest anywhere, or all that this table has.
func whereTo(account []string, table, key string) string {
	if table == "" && near(key, "account") {
		if len(account) > 0 {
			return "accounts do not nest"
		}
		return "did you mean [account.NAME]?"
	}
	for i := range schema {
		if schema[i].name == key && (key != "match" || len(account) > 0) {
			return "it belongs to " + place(account, schema[i].table)
		}
	}
	if best := nearest(key, namesIn(table)); best != "" {
		if isTable(best) && table == "" {
			return "did you mean [" + dotted(append(slices.Clone(account), best)) + "]?"
		}
		return "did you mean " + strconv.Quote(best) + "?"
	}
	for i := range schema {
		if r := &schema[i]; near(key, r.name) || near(key, r.table+"."+r.name) {
			return "did you mean " + strconv.Quote(r.name) + "? it belongs to " + place(account, r.table)
		}
	}
	if table != "" {
		return "the keys of " + place(account, table) + " are " + strings.Join(namesIn(table), ", ")
	}
	return ""
}

// place names a table of the schema inside an account.
func place(account []string, table string) string {
	path := slices.Clone(account)
	if table != "" {
		path = append(path, table)
	}
	if len(path) == 0 {
		return "the top level, above the first [table]"
	}
	return "[" + dotted(path) + "]"
}

// namesIn is the keys of a table; at the top level the tables too.
func namesIn(table string) []string {
	var names []string
	for i := range schema {
		switch r := &schema[i]; {
		case r.table == table:
			names = append(names, r.name)
		case table == "" && !slices.Contains(names, r.table):
			names = append(names, r.table)
		}
	}
	return names
}

// suggest is a hint: the nearest of words, or all of them.
func suggest(word string, words []string) string {
	if best := nearest(word, words); best != "" {
		return "did you mean " + strconv.Quote(best) + "?"
	}
	return "there are " + strings.Join(words, ", ")
}

// nearest is the word of the fewest edits, "" when none is near.
func nearest(word string, words []string) string {
	best, fewest := "", 0
	for _, w := range words {
		if d := distance(word, w); near(word, w) && (best == "" || d < fewest) {
			best, fewest = w, d
		}
	}
	return best
}

// near tells whether one word may be the other, misspelt.
func near(a, b string) bool {
	const longest = 40 // no key is longer, and time grows with the square
	return len(a) <= longest && distance(a, b) <= max(1, min(len(a), len(b))/3)
}

// distance is how many letters must be put in, left out, exchanged or swapped
// with their neighbour to make b of a: Damerau and Levenshtein's, restricted.
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}

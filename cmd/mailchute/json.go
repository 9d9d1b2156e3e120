package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// printJSON writes one value as JSON.
func printJSON(w io.Writer, v any) error {
	text, err := indented(v, "")
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// indented is v as JSON with a line end. JSON lets some characters through that
// speak to terminals; they are escaped as it allows.
func indented(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent(prefix, "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	if !bytes.ContainsFunc(b.Bytes(), speaksToTerminals) {
		return b.Bytes(), nil
	}
	var out []byte
	for _, r := range b.String() {
		if speaksToTerminals(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, string(r)...)
		}
	}
	return out, nil
}

// jsonArray writes an array of any length as its elements come.
type jsonArray struct {
	w io.Writer
	n int
}

func (a *jsonArray) add(v any) error {
	text, err := indented(v, "  ")
	if err != nil {
		return err
	}
	before := ",\n  "
	if a.n == 0 {
		before = "[\n  "
	}
	a.n++
	_, err = fmt.Fprintf(a.w, "%s%s", before, bytes.TrimSuffix(text, []byte("\n")))
	return err
}

func (a *jsonArray) end() error {
	text := "\n]\n"
	if a.n == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(a.w, text)
	return err
}

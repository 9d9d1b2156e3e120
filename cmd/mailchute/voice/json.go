package voice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// PrintJSON writes one value as indented JSON, without a character that speaks to
// terminals.
func PrintJSON(w io.Writer, v any) error {
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

// JSONArray writes an array of any length as its elements come.
type JSONArray struct {
	w io.Writer
	n int // elements so far
}

// NewJSONArray begins an array, which End has to end.
func NewJSONArray(w io.Writer) *JSONArray { return &JSONArray{w: w} }

// Add writes one element.
func (a *JSONArray) Add(v any) error {
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

// End writes the end of the array.
func (a *JSONArray) End() error {
	text := "\n]\n"
	if a.n == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(a.w, text)
	return err
}

package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// record is a letter as JSON.
type record struct {
	From        string       `json:"from"`
	To          []string     `json:"to"`
	Redirected  []hop        `json:"redirected"`
	TLS         string       `json:"tls"`
	Auth        string       `json:"auth"`
	Hello       string       `json:"hello"`
	Size        int64        `json:"size"`
	Header      []field      `json:"header"`
	Text        string       `json:"text"`
	Attachments []attachment `json:"attachments"`
	File        string       `json:"file,omitempty"` // only of one that is kept
}

type hop struct {
	Old  string `json:"old"`
	New  string `json:"new"`
	Code int    `json:"code"`
}

// record reads the letter's file for all that a reader wants to know.
func (l letter) record() (record, error) {
	c, err := readFile(l.Path)
	if err != nil {
		return record{}, err
	}
	r := record{
		From: l.From.String(), To: []string{}, Redirected: []hop{},
		TLS: l.TLS, Auth: l.Auth, Hello: l.Hello, Size: l.Size,
		Header: c.header, Text: c.text, Attachments: c.attachments,
	}
	if l.kept {
		r.File = l.Path
	}
	for _, to := range l.To {
		r.To = append(r.To, to.String())
	}
	for _, h := range l.Redirected {
		r.Redirected = append(r.Redirected, hop{h.Old.String(), h.New.String(), h.Code})
	}
	return r, nil
}

// encode is r as JSON that people can read too: indented, and with < and > as
// they are.
func (r record) encode(prefix string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(prefix, "  ")
	err := e.Encode(r)
	return bytes.TrimSpace(b.Bytes()), err
}

// writeRecord writes NNNN.json beside a letter's NNNN.eml.
func writeRecord(l letter) error {
	r, err := l.record()
	if err != nil {
		return err
	}
	data, err := r.encode("")
	if err != nil {
		return err
	}
	path := strings.TrimSuffix(l.Path, ".eml") + ".json"
	return os.WriteFile(path, append(data, '\n'), 0o600)
}

// writeJSON writes the letters as an array, one at a time.
func writeJSON(w io.Writer, letters []letter) error {
	for i, l := range letters {
		r, err := l.record()
		if err != nil {
			return err
		}
		data, err := r.encode("  ")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s\n  %s", []string{"[", ","}[min(i, 1)], data); err != nil {
			return err
		}
	}
	end := "\n]\n"
	if len(letters) == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(w, end)
	return err
}

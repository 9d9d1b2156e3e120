package sandbox

import (
	"bufio"
	"io"
	"mime"
	"os"
	"strings"

	"github.com/emersion/go-message"

	"mailchute/headers"
)

const (
	maxText  = 1 << 20 // octets of a text that is shown
	maxParts = 200     // of a message that are looked at
	maxDepth = 20      // of parts within parts; each level reads all that is below it
)

// contents is a message made readable.
type contents struct {
	header      []field
	text        string // the first text part, UTF-8 where its charset is known, lines end in LF
	kind        string // the media type of text, "" when there is no text part
	charset     string // of text, when it could not be converted
	cut         bool   // text was longer than maxText
	attachments []attachment
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"` // unfolded, encoded words decoded
}

// attachment is a part other than the one that is shown.
type attachment struct {
	Type string `json:"type"`
	Name string `json:"name"`
	Size int64  `json:"size"` // octets, decoded
}

// readFile reads the message in a file. Whatever is wrong with its MIME structure,
// what can be read is given.
func readFile(path string) (contents, error) {
	f, err := os.Open(path)
	if err != nil {
		return contents{}, err
	}
	defer f.Close()
	return read(f)
}

func read(r io.Reader) (contents, error) {
	body := bufio.NewReaderSize(r, 64<<10)
	h, err := headers.Read(body)
	if err != nil {
		return contents{}, err
	}
	c := contents{header: []field{}, attachments: []attachment{}}
	var top message.Header
	for _, f := range h.Fields() {
		c.header = append(c.header, field{f.Name(), decodeWords(f.Value())})
		for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"} {
			if f.Is(name) && !top.Has(name) {
				top.Set(name, f.Value())
			}
		}
	}
	entity, _ := message.New(top, body) // an unknown encoding or charset: the entity is there all the same
	parts := 0
	_ = entity.Walk(func(path []int, part *message.Entity, _ error) error {
		if parts++; parts > maxParts || len(path) > maxDepth {
			return io.EOF
		}
		c.part(part)
		return nil
	})
	return c, nil
}

// part takes one part in: as the text when it is the first plain text, or an HTML
// one while there is no better; else as an attachment.
func (c *contents) part(part *message.Entity) {
	kind, parameters, err := part.Header.ContentType()
	if err != nil || !strings.Contains(kind, "/") {
		kind = "text/plain" // RFC 2045 section 5.2
	}
	if strings.HasPrefix(kind, "multipart/") {
		return
	}
	disposition, more, _ := part.Header.ContentDisposition()
	plain, html := kind == "text/plain", kind == "text/html"
	if disposition != "attachment" && (plain && c.kind != "text/plain" || html && c.kind == "") {
		c.kind, c.charset = kind, ""
		data, _ := io.ReadAll(io.LimitReader(part.Body, maxText+1))
		if c.cut = len(data) > maxText; c.cut {
			data = data[:maxText]
		}
		c.convert(string(data), parameters["charset"])
		return
	}
	name := more["filename"]
	if name == "" {
		name = parameters["name"]
	}
	size, _ := io.Copy(io.Discard, part.Body)
	c.attachments = append(c.attachments, attachment{kind, decodeWords(name), size})
}

// convert takes a text in its charset. Only those that need no tables are
// converted; any other is shown as it is.
func (c *contents) convert(text, charset string) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	switch strings.ToLower(charset) {
	case "", "us-ascii", "utf-8", "utf8":
	case "iso-8859-1", "latin1":
		text = latin1(text)
	default:
		c.charset = charset
	}
	c.text = text
}

// latin1 is a text in ISO 8859-1, whose octets are the first 256 code points, as
// UTF-8.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// decodeWords decodes the encoded words of RFC 2047; one in a charset that is not
// known stays as it is.
func decodeWords(s string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

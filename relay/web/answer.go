package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/textproto"
	"strconv"
	"strings"
)

// maxHeader bounds the octets of an answer that are not its content.
const maxHeader = 64 << 10

// readAnswer reads one HTTP answer with at most limit octets of content. Any octets
// may come.
func readAnswer(r io.Reader, limit int) (*Answer, error) {
	in := textproto.NewReader(bufio.NewReader(io.LimitReader(r, int64(2*limit+maxHeader))))
	for informational := 0; informational < 5; informational++ {
		a, header, err := readHead(in)
		if err != nil {
			return nil, err
		}
		if a.Status/100 == 1 { // RFC 9110 section 15.2: another one follows
			continue
		}
		if a.Status != 204 && a.Status != 304 {
			a.Body, err = readBody(in, header, limit)
		}
		return a, err
	}
	return nil, errors.New("the answer never comes to its point")
}

// readHead reads the status line and the header.
func readHead(in *textproto.Reader) (*Answer, textproto.MIMEHeader, error) {
	status, err := in.ReadLine()
	if err != nil {
		return nil, nil, err
	}
	version, rest, _ := strings.Cut(status, " ")
	code, _, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(code, 10, 16)
	if err != nil || !strings.HasPrefix(version, "HTTP/1.") || len(code) != 3 || n < 100 {
		return nil, nil, errors.New("the answer is not HTTP")
	}
	header, err := in.ReadMIMEHeader()
	if err != nil {
		return nil, nil, err
	}
	a := &Answer{Status: int(n)}
	if kind, _, err := mime.ParseMediaType(header.Get("Content-Type")); err == nil {
		a.Type = kind
	}
	return a, header, nil
}

// readBody is RFC 9112 section 6.3.
func readBody(in *textproto.Reader, header textproto.MIMEHeader, limit int) ([]byte, error) {
	switch {
	case strings.EqualFold(header.Get("Transfer-Encoding"), "chunked"):
		return readChunks(in, limit)
	case header.Get("Transfer-Encoding") != "" || header.Get("Content-Encoding") != "":
		return nil, errors.New("the answer is coded in a way that nobody asked for")
	case header.Get("Content-Length") != "":
		n, err := strconv.ParseUint(header.Get("Content-Length"), 10, 31)
		if err != nil {
			return nil, errors.New("the answer has no length that makes sense")
		}
		if n > uint64(limit) {
			return nil, tooLong(limit)
		}
		body := make([]byte, n)
		_, err = io.ReadFull(in.R, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(in.R, int64(limit+1))) // TLS says whether the end is the end
	if err == nil && len(body) > limit {
		return nil, tooLong(limit)
	}
	return body, err
}

// readChunks is RFC 9112 section 7.1, without trailers: nobody reads on.
func readChunks(in *textproto.Reader, limit int) ([]byte, error) {
	var body []byte
	for {
		line, err := in.ReadLine()
		if err != nil {
			return nil, err
		}
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil {
			return nil, errors.New("a chunk of the answer has no size that makes sense")
		}
		if n > uint64(limit-len(body)) {
			return nil, tooLong(limit)
		}
		if n == 0 {
			return body, nil
		}
		at := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(in.R, body[at:]); err != nil {
			return nil, err
		}
		if end, err := in.ReadLine(); err != nil || end != "" {
			return nil, errors.New("a chunk of the answer does not end where it says")
		}
	}
}

func tooLong(limit int) error { return fmt.Errorf("the answer is longer than %d octets", limit) }

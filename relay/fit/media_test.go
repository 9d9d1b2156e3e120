package fit

import (
	"testing"

	"mailchute/headers"
)

func TestMediaTypesAreReadAsWellAsCanBe(t *testing.T) {
	plain := media{main: "text", sub: "plain"}
	for in, want := range map[string]media{
		"":             plain,
		"text":         plain,
		"/":            plain,
		"; boundary=x": plain,
		"TEXT/Html":    {main: "text", sub: "html"},
		"text/plain; charset=US-ASCII (Plain text)":                {main: "text", sub: "plain", charset: "us-ascii"},
		"text/plain (really); charset=utf-8":                       {main: "text", sub: "plain", charset: "utf-8"},
		`multipart/mixed; boundary="a b \"c\" "`:                   {main: "multipart", sub: "mixed", boundary: `a b "c"`},
		"multipart/mixed; boundary=----=_Part_1":                   {main: "multipart", sub: "mixed", boundary: "----=_Part_1"},
		`multipart/mixed; x="a;boundary=no"; boundary=yes;;`:       {main: "multipart", sub: "mixed", boundary: "yes"},
		`multipart/mixed; x="\"; boundary=no"; BOUNDARY = "y:e";;`: {main: "multipart", sub: "mixed", boundary: "y:e"},
		`multipart/mixed; boundary="open;;`:                        {main: "multipart", sub: "mixed", boundary: "open;;"},
		"multipart/mixed; boundary*0=on; boundary*1=ce":            {main: "multipart", sub: "mixed", boundary: "once"},
		"multipart/mixed; boundary=a; boundary=b":                  {main: "multipart", sub: "mixed", boundary: "a"},
	} {
		if have := parseMedia(in); have != want {
			t.Errorf("%q: %+v, want %+v", in, have, want)
		}
	}
}

func TestWhatIsText(t *testing.T) {
	for in, want := range map[string]bool{
		"text/plain":                    true,
		"text/html; charset=koi8-r":     true,
		"text/plain; charset=utf-16be":  false,
		"text/plain; charset=UTF-32":    false,
		"text/plain; charset=utf-7":     true,
		"message/global":                true,
		"application/json":              false,
		"image/png":                     false,
		"application/x; charset=utf-16": false,
	} {
		if have := parseMedia(in).isText(); have != want {
			t.Errorf("%q: %v", in, have)
		}
	}
}

func TestEncodingsAreReadAsWellAsCanBe(t *testing.T) {
	for in, want := range map[string]encoding{
		"Base64":             base64Encoding,
		"8BIT (really)":      eightBit,
		"7bit; x=y":          sevenBit,
		`"quoted-printable"`: quotedPrintable,
		"":                   identity,
		"x-uuencode":         "x-uuencode",
	} {
		h := headers.Of(headers.NewField("Content-Transfer-Encoding", in), headers.NewField("Content-Transfer-Encoding", "other"))
		if have := encodingOf(h); have != want {
			t.Errorf("%q: %q, want %q", in, have, want)
		}
	}
}

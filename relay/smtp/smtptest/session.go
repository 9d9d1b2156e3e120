package smtptest

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strconv"
	"strings"
)

// session is one dialogue.
type session struct {
	*Server
	conn    net.Conn
	in      *bufio.Reader
	mail    bool // MAIL was accepted
	ended   bool // the text of a message has
	message Message
	text    strings.Builder
}

func (s *Server) talk(c net.Conn) {
	d := &session{Server: s, conn: c, in: bufio.NewReader(c)}
	defer func() { d.conn.Close() }()
	if !d.say(s.reply("CONNECT", "220 peer.example ESMTP")) {
		return
	}
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		if s.Delicate && d.in.Buffered() > 0 && !strings.HasPrefix(line, "BDAT") {
			return
		}
		if !d.obey(line) {
			return
		}
	}
}

// say tells whether the session goes on.
func (d *session) say(reply string) bool {
	switch reply {
	case "drop":
		return false
	case "wait":
		_, _ = io.Copy(io.Discard, d.in)
		return false
	}
	_, err := io.WriteString(d.conn, reply+"\r\n")
	return err == nil && !strings.HasPrefix(reply, "421")
}

func (d *session) obey(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "EHLO":
		return d.hello(line)
	case "STARTTLS":
		return d.startTLS(line)
	case "QUIT":
		d.say(d.reply(line, "221 bye"))
		return false
	case "AUTH":
		return d.say(d.reply(line, "235 2.7.0 welcome"))
	case "MAIL":
		usual := "250 sender ok"
		if d.Single && d.ended {
			usual = "503 5.5.1 one message in a session"
		}
		reply := d.reply(line, usual)
		d.mail, d.message = reply[0] == '2', Message{Sender: path(rest), Envelope: []string{line}}
		return d.say(reply)
	case "RCPT":
		return d.rcpt(line, path(rest))
	case "RSET":
		d.mail, d.message = false, Message{}
	case "DATA":
		return d.data(line)
	case "BDAT":
		return d.chunk(rest)
	}
	return d.say(d.reply(line, "250 ok"))
}

func (d *session) hello(line string) bool {
	said := d.reply(line, d.Keywords)
	if said == "drop" || said == "wait" || said != "" && said[0] >= '2' && said[0] <= '5' {
		return d.say(said)
	}
	return d.say("250-peer.example\r\n250-" + strings.ReplaceAll(said, ",", "\r\n250-") + "\r\n250 HELP")
}

func (d *session) startTLS(line string) bool {
	reply := d.reply(line, "220 go on")
	if !d.say(reply) {
		return false
	}
	if reply[0] == '2' {
		d.conn = tls.Server(d.conn, d.TLS)
		d.in = bufio.NewReader(d.conn)
	}
	return true
}

func (d *session) rcpt(line, mailbox string) bool {
	usual := "250 recipient ok"
	switch {
	case !d.mail:
		usual = "503 5.5.1 MAIL first"
	case d.Room > 0 && len(d.message.Recipients) == d.Room:
		usual = "452 4.5.3 too many"
	}
	reply := d.reply(line, usual)
	if reply[0] == '2' {
		d.message.Recipients = append(d.message.Recipients, mailbox)
		d.message.Envelope = append(d.message.Envelope, line)
	}
	return d.say(reply)
}

func (d *session) data(line string) bool {
	usual := "354 go on"
	if len(d.message.Recipients) == 0 {
		usual = "503 5.5.1 RCPT first"
	}
	reply := d.reply(line, usual)
	if !d.say(reply) {
		return false
	}
	if reply[0] != '3' {
		return true
	}
	for {
		line, err := d.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			return d.end()
		}
		d.text.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (d *session) chunk(rest string) bool {
	size, last, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return d.say("501 5.5.4 how long?")
	}
	if _, err := io.CopyN(&d.text, d.in, n); err != nil {
		return false
	}
	if last == "" {
		return d.say("250 go on")
	}
	return d.end()
}

// end is the end of the text. A message without recipients is none.
func (d *session) end() bool {
	usual := "250 taken"
	if len(d.message.Recipients) == 0 {
		usual = "554 no valid recipients"
	}
	reply, taken := strings.CutPrefix(d.reply("END", usual), "take, ")
	d.message.Followed = d.in.Buffered() > 0
	if taken || reply[0] == '2' {
		d.message.Text = d.text.String()
		d.mu.Lock()
		d.messages = append(d.messages, d.message)
		d.mu.Unlock()
	}
	deaf := d.Deaf && d.message.Followed
	d.text.Reset()
	d.mail, d.ended, d.message = false, true, Message{}
	return d.say(reply) && !deaf
}

// path is what the angle brackets hold.
func path(rest string) string {
	_, rest, _ = strings.Cut(rest, "<")
	inside, _, _ := strings.Cut(rest, ">")
	return inside
}

package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mailchute/inject/setup"
)

// room is the temporary directory that a command in the sandbox lives with:
//
//	bin/sendmail, bin/mailq, bin/newaliases   links to this program
//	mailchute.toml, password, ca.pem          how to reach the sandbox
//	mail/                                     what arrived, unless it is kept elsewhere
type room string

// newRoom makes the directory, for its owner alone.
func newRoom() (room, error) {
	dir, err := os.MkdirTemp("", "mailchute-sandbox-")
	if err != nil {
		return "", err
	}
	full, err := filepath.Abs(dir)
	if err != nil {
		os.Remove(dir)
		return "", err
	}
	return room(full), nil
}

func (r room) remove()          { os.RemoveAll(string(r)) }
func (r room) bin() string      { return filepath.Join(string(r), "bin") }
func (r room) sendmail() string { return filepath.Join(r.bin(), "sendmail") }
func (r room) config() string   { return filepath.Join(string(r), "mailchute.toml") }
func (r room) password() string { return filepath.Join(string(r), "password") }
func (r room) ca() string       { return filepath.Join(string(r), "ca.pem") }
func (r room) mail() string     { return filepath.Join(string(r), "mail") }

// furnish writes the configuration that leads to s, and puts the links to the
// program in place.
func (r room) furnish(s *server, c certificate, executable string) error {
	for path, text := range map[string]string{
		r.config():   r.configuration(s),
		r.password(): s.password + "\n",
		r.ca():       string(c.authority),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := os.Mkdir(r.bin(), 0o700); err != nil {
		return err
	}
	for _, name := range []string{"sendmail", "mailq", "newaliases"} {
		if err := os.Symlink(executable, filepath.Join(r.bin(), name)); err != nil {
			return err
		}
	}
	return nil
}

// configuration is mailchute.toml. Nothing in it leads out of the sandbox: a
// redirect stays with the one smarthost there is, what it teaches is not
// remembered, and neither the machine's aliases nor its queue nor its log are
// touched.
func (r room) configuration(s *server) string {
	return fmt.Sprintf(`# The sandbox. The same server with STARTTLS: submission://%[2]s
smarthost = "submissions://%[1]s"
user = %[3]s
password_file = %[4]s
aliases = ""

[tls]
ca_file = %[5]s

[identity]
hostname = %[6]s
domain = %[6]s

[queue]
enabled = false

[redirect]
via = "smarthost"
remember = false

[log]
to = "none"
`, s.implicit, s.startTLS, setup.Quote(s.user), setup.Quote(r.password()), setup.Quote(r.ca()), setup.Quote(domain))
}

// environment is the environment of a command in the room: sendmail and its kin
// are found first, and they find their configuration. SENDMAIL is for programs
// that want a path.
func (r room) environment(base []string) []string {
	path := r.bin()
	var env []string
	for _, pair := range base {
		switch name, value, _ := strings.Cut(pair, "="); name {
		case "PATH":
			path = r.bin() + string(filepath.ListSeparator) + value
		case "MAILCHUTE_CONFIG", "SENDMAIL":
		default:
			env = append(env, pair)
		}
	}
	return append(env, "PATH="+path, "MAILCHUTE_CONFIG="+r.config(), "SENDMAIL="+r.sendmail())
}

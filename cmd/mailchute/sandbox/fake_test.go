package sandbox

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// TestMain lets this test binary play sendmail, so that the sandbox is tested
// from end to end with a client that has nothing in common with the project's
// own. FAKE in the environment says how it plays.
func TestMain(m *testing.M) {
	switch os.Getenv("FAKE") {
	case "":
		os.Exit(m.Run())
	case "hang":
		fmt.Println("ready")
		time.Sleep(time.Hour) // select {} alone is a deadlock, which may end the process
	default:
		if err := fakeSendmail(os.Args); err != nil {
			fmt.Fprintln(os.Stderr, "fake sendmail:", err)
			os.Exit(1)
		}
		status, _ := strconv.Atoi(os.Getenv("FAKE_EXIT"))
		os.Exit(status)
	}
}

// fakeSendmail sends standard input where the configuration says.
func fakeSendmail(args []string) error {
	if name := filepath.Base(args[0]); name != "sendmail" {
		return fmt.Errorf("called as %q", name)
	}
	c, err := fakeConnect(os.Getenv("FAKE"))
	if err != nil {
		return err
	}
	defer c.Close()
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if err := c.Mail("alice@sandbox.example", nil); err != nil {
		return err
	}
	for _, to := range fakeRecipients(args[1:], text) {
		if err := fakeRcpt(c, to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))); err != nil {
		return err
	}
	return errors.Join(w.Close(), c.Quit())
}

// fakeRcpt offers one recipient and follows 557 and 558.
func fakeRcpt(c *smtp.Client, to string) error {
	err := c.Rcpt(to, nil)
	var said *smtp.SMTPError
	if !errors.As(err, &said) || said.Code != 557 && said.Code != 558 || os.Getenv("FAKE") == "stubborn" {
		return err
	}
	moved := regexp.MustCompile(`^mailbox has moved (for now )?to <(.*)>$`).FindStringSubmatch(said.Message)
	if moved == nil || said.EnhancedCode != (smtp.EnhancedCode{5, 2, said.Code - 550}) {
		return err
	}
	return fakeRcpt(c, moved[2])
}

// fakeRecipients are the arguments, and with -t the one in To.
func fakeRecipients(args []string, text []byte) (to []string) {
	for _, a := range args {
		switch {
		case a == "-t":
			if m := regexp.MustCompile(`(?m)^To: (.*)$`).FindSubmatch(text); m != nil {
				to = append(to, string(m[1]))
			}
		case !strings.HasPrefix(a, "-"):
			to = append(to, a)
		}
	}
	return to
}

// fakeConnect does what the configuration demands: verified TLS and a login.
func fakeConnect(how string) (*smtp.Client, error) {
	var conf struct {
		Smarthost, User string
		PasswordFile    string `toml:"password_file"`
		TLS             struct {
			CAFile string `toml:"ca_file"`
		}
	}
	data, err := os.ReadFile(os.Getenv("MAILCHUTE_CONFIG"))
	if err != nil {
		return nil, err
	}
	if _, err := toml.Decode(string(data), &conf); err != nil {
		return nil, err
	}
	password, err1 := os.ReadFile(conf.PasswordFile)
	ca, err2 := os.ReadFile(conf.TLS.CAFile)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1"}
	config.RootCAs.AppendCertsFromPEM(ca)
	var c *smtp.Client
	if how == "starttls" {
		at := regexp.MustCompile(`STARTTLS: submission://(\S+)`).FindSubmatch(data)
		c, err = smtp.DialStartTLS(string(at[1]), config)
	} else {
		c, err = smtp.DialTLS(strings.TrimPrefix(conf.Smarthost, "submissions://"), config)
	}
	if err != nil || how == "anonymous" {
		return c, err
	}
	secret := strings.TrimSpace(string(password))
	if how == "impostor" {
		secret = "guess"
	}
	return c, c.Auth(sasl.NewPlainClient("", conf.User, secret))
}

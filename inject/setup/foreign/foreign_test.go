package foreign

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/inject/config"
	"mailchute/inject/setup"
)

var update = flag.Bool("update", false, "write what the goldens should be")

// TestGoldens reads testdata/import/NAME/in and compares with NAME/want: the
// configuration, then each password file.
func TestGoldens(t *testing.T) {
	dirs, err := filepath.Glob("../../../testdata/import/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	here, err := filepath.Abs("../../../testdata/import")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			plan, err := Read(filepath.Join(dir, "in"), World{Home: "/home/joe"})
			if err != nil {
				t.Fatal(err)
			}
			plan.Origin = strings.ReplaceAll(plan.Origin, "../../../testdata/import/", "")
			toml, secrets := plan.Text("/etc/mailchute/mailchute.toml")
			toml = strings.ReplaceAll(toml, here, "/there") // for $config_directory
			if _, _, err := config.Parse("mailchute.toml", []byte(toml)); err != nil {
				t.Errorf("the result is no configuration: %v", err)
			}
			for _, s := range secrets {
				if strings.Contains(toml, s.Text) {
					t.Errorf("the password %q stands in the configuration", s.Text)
				}
			}
			got := toml
			for _, s := range secrets {
				got += "== " + s.Path + "\n" + s.Text + "\n"
			}
			if plan.Root != "" {
				got += "== root\n" + plan.Root + "\n"
			}
			compare(t, filepath.Join(dir, "want"), got)
		})
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestFilesAreKnownByNameAndContent(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"a user's msmtprc", ".msmtprc", "account a\nhost h.example\n", "msmtp"},
		{"an example file", "msmtprc-user.example", "host h.example\n", "msmtp"},
		{"a backup", "ssmtp.conf.bak", "mailhub=h.example\n", "ssmtp"},
		{"msmtp's file under .config", "msmtp/config", "host h.example\n", "msmtp"},
		{"dma by content", "old", "SMARTHOST h.example\n", "dma"},
		{"ssmtp by content", "old", "# x\nMailHub = h.example\n", "ssmtp"},
		{"Postfix by content", "old", "relayhost = [h.example]\n", "Postfix"},
		{"esmtp by content", "old", "hostname = h.example:25\n", "esmtp"},
		{"nobody's", "old", "colour = blue\n", ""},
		{"an empty file", "old", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.file)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(tt.text), 0o600)); err != nil {
				t.Fatal(err)
			}
			plan, err := Read(path, World{})
			var unknown *UnknownError
			switch {
			case tt.want == "" && !errors.As(err, &unknown):
				t.Errorf("error %v, want *UnknownError", err)
			case tt.want != "" && err != nil:
				t.Error(err)
			case tt.want != "" && !strings.Contains(plan.Origin, "of "+tt.want+" in"):
				t.Errorf("origin %q, want %s", plan.Origin, tt.want)
			}
		})
	}
}

func TestWhatIsNotThereOrTooLargeIsAnError(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(filepath.Join(dir, "msmtprc"), World{}); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Read(dir, World{}); !errors.As(err, new(*UnknownError)) {
		t.Errorf("an empty directory: %v", err)
	}
	large := filepath.Join(dir, "dma.conf")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(large, World{}); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a large file: %v", err)
	}
}

func TestAPipeIsNotWaitedFor(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "msmtprc")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(pipe, World{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("error %v", err)
	}
}

// TestSizeIsBounded: what a file says many times has a plan of a size that can be
// written and read again.
func TestSizeIsBounded(t *testing.T) {
	many := func(text string) []byte { return bytes.Repeat([]byte(text), maxFile/len(text)) }
	tests := []struct {
		name string
		read func(*source, []byte)
		text []byte
	}{
		{"accounts of one name", readMSMTP, many("account a\nhost h.example\n")},
		{"commands that nobody knows", readMSMTP, many("account a\n" + strings.Repeat("x y\n", 99))},
		{"parents that inherit from parents", readMSMTP, many("account a : a, a, a\nhost h.example\n")},
		{"identities", readESMTP, many("identity a@b.example\nhostname h\n")},
		{"parameters", readPostfix, many("relayhost = [h.example]\nx y\n")},
		{"relayhosts", readPostfix, append([]byte("relayhost = "), many("[h.example], ")...)},
		{"options", readNullmailer, many("h.example smtp bogus\n")},
		{"servers", readNullmailer, many("h.example\n")},
		{"words", readDMA, many("WORD\n")},
		{"keys", readSSMTP, many("key=value\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &source{plan: setup.New(""), path: filepath.Join(t.TempDir(), "x")}
			tt.read(s, tt.text)
			text, _ := s.plan.Text("/etc/mailchute/mailchute.toml")
			if len(s.plan.Accounts) > maxAccounts+1 || len(s.plan.Notes) > 501 || len(text) > maxFile {
				t.Errorf("%d accounts, %d notes, %d octets", len(s.plan.Accounts), len(s.plan.Notes), len(text))
			}
		})
	}
}

// FuzzRead feeds anything to each reader: it must end, and the text must be whole
// lines that are a configuration.
func FuzzRead(f *testing.F) {
	for i, seed := range []string{
		"defaults\nport 587\naccount a\nhost h.example\nauth on\nuser u\npassword \"s p\"\naccount b : a\nfrom x@y.example\n",
		"mailhub=h.example:587\nAuthUser=u\nAuthPass=p#=x\nUseSTARTTLS=YES\nrewriteDomain=d.example\n",
		"SMARTHOST h.example\nPORT 587\nSECURETRANSFER\nSTARTTLS\nMASQUERADE u@\n",
		"hostname = \"h\\\"x\"\nidentity = a@b.example\npassword 'x'\nforce reverse_path %u@d.example\n",
		"relayhost = [h.example]:587, ${a?{x}:{y}}\nmyhostname=$mydomain\nmydomain=${myhostname}\nminimal_backoff_time = 6h\nsmtp_tls_cert_file=/a\nsmtp_sasl_auth_enable=yes\nsmtp_sasl_password_maps=static:u:p\n",
		"h.example smtp --port=25 user=u pass='a b'\nh2.example qmqp\n",
	} {
		f.Add(uint8(i), []byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		all := programs()
		p := all[int(which)%len(all)]
		plan := p.plan(filepath.Join(dir, p.file), World{}, text)
		toml, _ := plan.Text("/etc/mailchute/mailchute.toml")
		for line := range strings.Lines(toml) {
			if strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\n\r\x00\x1b\u2028") {
				t.Fatalf("a line with a control character: %q", line)
			}
		}
		if _, _, err := config.Parse("x", []byte(toml)); err != nil {
			t.Fatalf("no configuration: %v\n%s", err, toml)
		}
	})
}

package relay

import (
	"crypto/tls"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"mailchute/relay/route"
)

// aiosmtpdProgram writes each message to a file of its own.
const aiosmtpdProgram = `
import asyncio, os, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

count = 0

class Handler:
    async def handle_DATA(self, server, session, envelope):
        global count
        with open("arrived-%06d" % count, "wb") as f:
            f.write(envelope.original_content)
        count += 1
        return "250 taken"

def login(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"@USER@" and data.password == b"@PASSWORD@"
    return AuthResult(success=good, handled=False)

context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain("@CERT@", "@KEY@")

def make():
    return SMTP(Handler(), hostname="peer.example", tls_context=context, authenticator=login, auth_required=True, data_size_limit=100000000)

async def main():
    await asyncio.get_running_loop().create_server(make, "127.0.0.1", int(sys.argv[1]))
    await asyncio.Event().wait()

asyncio.run(main())
`

func startAiosmtpd(t *testing.T, s *stage) realPeer {
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import aiosmtpd").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		t.Skip("aiosmtpd is not installed for python3")
	}
	port := s.port()
	s.run(python, s.write("server.py", aiosmtpdProgram, "@USER@", realUser, "@PASSWORD@", realPassword), strconv.Itoa(port))
	return realPeer{smarthosts: []route.Smarthost{at(route.Submission, port)}, login: true, texts: func() (texts []string) {
		names, _ := filepath.Glob(filepath.Join(s.dir, "arrived-*"))
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
		return texts
	}}
}

const postfixMain = `
compatibility_level = 3.6
queue_directory = @DIR@/queue
data_directory = @DIR@/data
maillog_file = @DIR@/log
maillog_file_prefixes = @DIR@
myhostname = peer.example
inet_interfaces = 127.0.0.1
mydestination =
mynetworks = 127.0.0.0/8
default_transport = discard:
relay_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_cert_file = @CERT@
smtpd_tls_key_file = @KEY@
smtpd_tls_security_level = may
message_size_limit = 100000000
`

const postfixMaster = `
127.0.0.1:@PLAINPORT@ inet n - n - - smtpd
127.0.0.1:@TLSPORT@ inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

func startPostfix(t *testing.T, s *stage) realPeer {
	needRoot(t)
	postfix := program(t, "postfix", "/usr/sbin/postfix")
	account, err := user.Lookup("postfix")
	if err != nil {
		t.Skip("there is no user postfix")
	}
	for _, dir := range []string{"queue", "data", "conf"} {
		if err := os.Mkdir(filepath.Join(s.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	uid, _ := strconv.Atoi(account.Uid)
	if err := os.Chown(filepath.Join(s.dir, "data"), uid, -1); err != nil {
		t.Fatal(err)
	}
	plain, secure := s.port(), s.port()
	s.write("conf/main.cf", postfixMain)
	s.write("conf/master.cf", postfixMaster, "@PLAINPORT@", strconv.Itoa(plain), "@TLSPORT@", strconv.Itoa(secure))
	s.run(postfix, "-c", filepath.Join(s.dir, "conf"), "start-fg")
	t.Cleanup(func() { // master makes a session of its own
		text, _ := os.ReadFile(filepath.Join(s.dir, "queue/pid/master.pid"))
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && pid > 1 {
			_ = syscall.Kill(-pid, syscall.SIGKILL)
		}
	})
	return realPeer{smarthosts: []route.Smarthost{at(route.Submission, plain), at(route.Submissions, secure), at(route.Plain, plain)}}
}

const eximConfiguration = `
primary_hostname = peer.example
spool_directory = @DIR@/spool
log_file_path = @DIR@/log-%s
pid_file_path = @DIR@/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = @PLAINPORT@ : @TLSPORT@
tls_on_connect_ports = @TLSPORT@
tls_advertise_hosts = *
tls_certificate = @CERT@
tls_privatekey = @DIR@/key-for-exim.pem
queue_only
keep_environment =
message_size_limit = 100M
recipients_max = 1000
acl_smtp_rcpt = taken
begin acl
taken:
  accept
begin routers
none:
  driver = redirect
  data = :blackhole:
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{@USER@}}{eq{$auth3}{@PASSWORD@}}}}
  server_set_id = $auth2
  server_advertise_condition = ${if def:tls_in_cipher}
`

func startExim(t *testing.T, s *stage) realPeer {
	needRoot(t)
	exim := program(t, "exim4", "/usr/sbin/exim4", "exim", "/usr/sbin/exim")
	key, err := os.ReadFile(s.key)
	if err != nil {
		t.Fatal(err)
	}
	s.write("key-for-exim.pem", string(key)) // it reads the key as its own user
	if err := os.Chmod(s.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	plain, secure := s.port(), s.port()
	s.run(exim, "-C", s.write("exim.conf", eximConfiguration, "@PLAINPORT@", strconv.Itoa(plain), "@TLSPORT@", strconv.Itoa(secure), "@USER@", realUser, "@PASSWORD@", realPassword), "-bdf")
	return realPeer{smarthosts: []route.Smarthost{at(route.Submission, plain), at(route.Submissions, secure), at(route.Plain, plain)}, login: true}
}

const openSMTPDConfiguration = `
pki peer cert "@CERT@"
pki peer key "@KEY@"
table creds { @USER@ = "@HASH@" }
smtp max-message-size 100M
listen on 127.0.0.1 port @PLAINPORT@
listen on 127.0.0.1 port @STARTTLSPORT@ tls pki peer auth <creds>
listen on 127.0.0.1 port @TLSPORT@ smtps pki peer auth <creds>
action "nowhere" relay host smtp://127.0.0.1:1
match from any for any action "nowhere"
`

// startOpenSMTPD gives the server directories of its own by a mount namespace:
// their names are compiled in.
func startOpenSMTPD(t *testing.T, s *stage) realPeer {
	needRoot(t)
	smtpd := program(t, "smtpd", "/usr/sbin/smtpd")
	unshare := program(t, "unshare")
	if err := exec.Command(unshare, "-m", "true").Run(); err != nil {
		t.Skipf("no mount namespace can be made: %v", err)
	}
	hash, err := exec.Command(program(t, "smtpctl", "/usr/sbin/smtpctl"), "encrypt", realPassword).Output()
	if err != nil {
		t.Skipf("smtpctl encrypt: %v", err)
	}
	plain, upgraded, secure := s.port(), s.port(), s.port()
	conf := s.write("smtpd.conf", openSMTPDConfiguration, "@PLAINPORT@", strconv.Itoa(plain), "@STARTTLSPORT@", strconv.Itoa(upgraded), "@TLSPORT@", strconv.Itoa(secure),
		"@USER@", realUser, "@HASH@", strings.TrimSpace(string(hash)))
	s.run(unshare, "-m", "sh", "-c", fmt.Sprintf("mount -t tmpfs none /var/spool && mkdir -m 711 /var/spool/smtpd && mount -t tmpfs none /run && exec %s -d -f %s", smtpd, conf))
	p := realPeer{smarthosts: []route.Smarthost{at(route.Plain, plain)}, login: true}
	s.await(secure)
	// Version 6.8.0 built with OpenSSL 3 cannot use its key, whoever connects.
	c, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", secure), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Logf("without TLS, as this OpenSMTPD has none that works: %v", err)
		return p
	}
	c.Close()
	p.smarthosts = append(p.smarthosts, at(route.Submission, upgraded), at(route.Submissions, secure))
	return p
}

const dovecotConfiguration = `
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log
protocols = submission
listen = 127.0.0.1
hostname = peer.example
ssl = yes
ssl_cert = <@CERT@
ssl_key = <@KEY@
passdb {
  driver = static
  args = password=@PASSWORD@
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=@DIR@/home
}
first_valid_uid = 1
mail_location = maildir:@DIR@/home/mail
submission_relay_host = 127.0.0.1
submission_relay_port = @SINKPORT@
submission_relay_trusted = no
submission_max_recipients = 1000
submission_max_mail_size = 100M
service submission-login {
  inet_listener submission {
    port = @PLAINPORT@
  }
  inet_listener submissions {
    port = @TLSPORT@
    ssl = yes
  }
}
`

func startDovecot(t *testing.T, s *stage) realPeer {
	needRoot(t)
	dovecot := program(t, "dovecot", "/usr/sbin/dovecot")
	if _, err := os.Stat("/usr/lib/dovecot/submission"); err != nil {
		t.Skip("Dovecot's submission service is not installed")
	}
	home := filepath.Join(s.dir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	sink, _, sinkPort := record(t, s, false)
	plain, secure := s.port(), s.port()
	s.run(dovecot, "-F", "-c", s.write("dovecot.conf", dovecotConfiguration, "@PLAINPORT@", strconv.Itoa(plain), "@TLSPORT@", strconv.Itoa(secure), "@SINKPORT@", strconv.Itoa(sinkPort), "@PASSWORD@", realPassword))
	return realPeer{smarthosts: []route.Smarthost{at(route.Submission, plain), at(route.Submissions, secure)}, login: true, texts: sink.all}
}

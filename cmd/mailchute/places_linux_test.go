package main

// oddPlace is an odd place to call sendmail from.
type oddPlace struct {
	name   string
	shell  string   // runs "$@" by $AS, an ordinary user; $D is a directory for him
	env    []string // $D is filled in
	letter string   // "large", else a small one
	direct string   // how a call ends that sends to a smarthost on loopback
	served string   // and one that hands over to serve
}

// How a call ends: "" when the message is sent, once, and nothing is said, else the
// status and a pattern of the one line that tells why it was not.
const (
	sent  = ""
	waits = "waits" // status 0, nothing said, and the message is in the caller's queue
)

const plainly = `exec $AS "$@"`

func variables(env ...string) oddPlace { return oddPlace{name: env[0], shell: plainly, env: env} }

var oddPlaces = []oddPlace{
	{name: "nothing odd", shell: plainly},

	// What systemd, containers and sandboxes do.
	{name: "no new privileges", shell: `exec $AS setpriv --no-new-privs "$@"`},
	{name: "no /proc", shell: `exec unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh $AS "$@"`},
	{name: "no /etc", shell: `exec unshare -m sh -c 'mount -t tmpfs none /etc && exec "$@"' sh $AS "$@"`},
	{name: "no /dev", shell: `exec unshare -m sh -c 'mount -t tmpfs none /dev && exec "$@"' sh $AS "$@"`},
	{name: "no /usr/share/zoneinfo, nor /var", shell: `exec unshare -m sh -c 'mount -t tmpfs none /usr/share && mount -t tmpfs none /var && exec "$@"' sh $AS "$@"`},
	{name: "file systems that can only be read", shell: `exec unshare -m sh -c 'mount -o remount,bind,ro / && exec "$@"' sh $AS "$@"`},
	{name: "a user namespace where nobody is known", shell: `exec $AS unshare -U "$@"`},
	{name: "a user namespace as its root", shell: `exec $AS unshare -U -r env XDG_STATE_HOME=$D "$@"`},
	{name: "a process namespace", shell: `exec unshare -p -f $AS "$@"`},
	{name: "a network namespace", shell: `exec unshare -n $AS "$@"`, direct: waits},
	{name: "a UTS namespace without a host name", shell: `exec unshare -u sh -c 'hostname localhost; exec "$@"' sh $AS "$@"`},
	{name: "a working directory that is gone", shell: `mkdir $D/gone && cd $D/gone && rmdir $D/gone && exec $AS "$@"`},
	{name: "a working directory that is shut", shell: `mkdir $D/shut && cd $D/shut && chmod 0 . && exec $AS "$@"`},
	{name: "nothing may be written by the umask", shell: `umask 0777; exec $AS "$@"`},
	{name: "all signals ignored", shell: `trap '' HUP INT QUIT PIPE ALRM TERM CHLD USR1 USR2 XFSZ; exec $AS "$@"`},
	{name: "all signals blocked", shell: `exec env --block-signal $AS "$@"`},

	// Standard descriptors. Without 0 the message is empty, as it is to all programs.
	{name: "without 1", shell: `exec $AS "$@" >&-`},
	{name: "without 2", shell: `exec $AS "$@" 2>&-`},
	{name: "without 1 and 2", shell: `exec $AS "$@" >&- 2>&-`},
	{name: "without 0", shell: `exec $AS "$@" -F "$SUBJECT" <&-`},
	{name: "without 0 and 1", shell: `exec $AS "$@" -F "$SUBJECT" <&- >&-`},
	{name: "without 0 and 2", shell: `exec $AS "$@" -F "$SUBJECT" <&- 2>&-`},
	{name: "without 0, 1 and 2", shell: `exec $AS "$@" -F "$SUBJECT" <&- >&- 2>&-`},
	{name: "input that can only be written", shell: `exec $AS "$@" 0>/dev/null`, direct: `74 .*bad file descriptor`, served: `74 .*bad file descriptor`},
	{name: "input that is a directory", shell: `exec $AS "$@" </`, direct: `74 .*is a directory`, served: `74 .*is a directory`},
	{name: "standard error that is full", shell: `exec $AS "$@" -v 2>/dev/full`},
	{name: "standard error that nobody reads", shell: `{ sleep 0.1; $AS "$@" -v 2>&1; echo $? >$D/status; } | true; exit $(cat $D/status)`},

	// Arguments and environment.
	{name: "1 MB of arguments", shell: `a=$(printf '%0999d' 7); exec $AS "$@" $(for i in $(seq 1000); do echo "-F$a"; done) -F x`},
	{name: "1 MB of recipients", shell: `a=$(printf '%0120000d' 7 | sed 's/0/ a@example.org,/g; s/7//'); exec $AS "$@" "$(echo "$a" | cut -c1-120000 | sed 's/,[^,]*$//')"`},
	{name: "1 MB of environment", shell: `a=$(printf '%099999d' 7); for i in 1 2 3 4 5 6 7 8 9 10; do export V$i=$a; done; exec $AS "$@"`},
	{name: "no environment", shell: `exec $AS env -i MAILCHUTE_CONFIG=$MAILCHUTE_CONFIG "$@"`},
	variables("HOME=/etc/passwd"),
	variables("HOME=/dev/null"),
	variables("HOME=/dev/zero"),
	variables("HOME=$D/fifo"),
	variables("HOME=/root"),
	variables("HOME=."),
	variables("HOME="),
	variables("XDG_STATE_HOME=$D/theirs"),
	variables("XDG_STATE_HOME=/proc/self"),
	variables("XDG_STATE_HOME=$D/fifo", "HOME=$D/fifo"),
	variables("XDG_CONFIG_HOME=$D/theirs"),
	{name: "a configuration that is a FIFO", shell: plainly, env: []string{"MAILCHUTE_CONFIG=", "XDG_CONFIG_HOME=$D/trap"}, direct: `78 .*is no regular file`, served: `78 .*is no regular file`},
	{name: "a configuration without an end", shell: plainly, env: []string{"MAILCHUTE_CONFIG=/dev/zero"}, direct: `78 .*is larger than .*`, served: `78 .*is larger than .*`},
	{name: "a configuration that is not there", shell: plainly, env: []string{"MAILCHUTE_CONFIG=$D/none"}, direct: `78 .*no such file.*`, served: `78 .*no such file.*`},
	variables("PATH=."),
	variables("USER=root", "LOGNAME=root", "SUDO_USER=root", "SUDO_UID=0", "USERNAME=root", "EMAIL=root@example.org", "MAILFROM=root"),
	variables("NAME=x\r\nBcc: evil@example.org"),
	variables("LD_PRELOAD=$D/none.so", "LD_LIBRARY_PATH=$D/theirs"),
	variables("GODEBUG=x=1,,=,netdns=9,madvdontneed=2,http2client=banana"),
	variables("GODEBUG=netdns=cgo,fips140=off,tlsrsakex=1,x509sha1=1"),
	variables("GOGC=off"), variables("GOGC=1"), variables("GOMEMLIMIT=1"), variables("GOMAXPROCS=1"), variables("GOMAXPROCS=500"),
	variables("GOTRACEBACK=crash"), variables("GOCOVERDIR=/root"),
	variables("SSL_CERT_FILE=$D/fifo", "SSL_CERT_DIR=/proc/self/fd"),
	variables("RES_OPTIONS=ndots:15 timeout:0 attempts:0 inet6", "LOCALDOMAIN=evil.example", "HOSTALIASES=$D/theirs/aliases"),
	variables("TZ=/etc/shadow"), variables("TZ=:../../../../dev/zero"), variables("TZ=Mars/Olympus"),
	variables("LANG=xx_YY.EBCDIC", "LC_ALL=\xff", "LANGUAGE=../../etc"),
	variables("NOTIFY_SOCKET=/run/systemd/notify", "LISTEN_FDS=9", "LISTEN_PID=1", "CREDENTIALS_DIRECTORY=/root"),
	{name: "no place for temporary files", shell: plainly, env: []string{"TMPDIR=$D/none"}, letter: "large"},
	{name: "nor for others", shell: plainly, env: []string{"TMPDIR=$D/none", "HOME=/", "XDG_STATE_HOME=/root"}, letter: "large",
		direct: `73 a message over 1 MiB needs a temporary file: .*no such file.*`, served: `73 a message over 1 MiB needs a temporary file: .*no such file.*`},

	// Limits. Below them the runtime or the system's loader gives up, and says so.
	{name: "few descriptors", shell: `exec $AS prlimit --nofile=16 "$@"`},
	{name: "too few descriptors", shell: `exec $AS prlimit --nofile=5 "$@"`, direct: `75 . descriptors are free.*too many open files`, served: `75 . descriptors are free.*too many open files`},
	{name: "no files may be written", shell: `exec $AS prlimit --fsize=0 "$@"`},
	{name: "no large files", shell: `exec $AS prlimit --fsize=9999 "$@"`, letter: "large", direct: `73 .*file too large`, served: `73 .*file too large`},
	{name: "a small stack", shell: `exec $AS prlimit --stack=131072 "$@"`},
	{name: "no locked memory, no core, low priority", shell: `exec nice -n 19 $AS prlimit --memlock=0 --core=0 --nice=0 "$@"`},
	{name: "little time", shell: `exec $AS prlimit --cpu=5 "$@"`},
}

package serve

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// notify tells the service manager how far we are, sd_notify(3). Without one it
// does nothing; that it does not listen is not our trouble.
func notify(socket, state string) {
	if socket == "" {
		return
	}
	if strings.HasPrefix(socket, "@") { // the abstract name space of Linux
		socket = "\x00" + socket[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // one that does not read must not keep us from SIGTERM
	c.Write([]byte(state))
}

// reloading is the state in front of a reload; systemd wants the time with it.
func reloading() string {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return "RELOADING=1"
	}
	return fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", ts.Nano()/1000)
}

// usualPulse is how often the service manager hears of us when it does not ask for more.
const usualPulse = 30 * time.Second

// pulseEvery is how often to say that we are well: twice in the time after which the
// service manager would give us up, sd_watchdog_enabled(3).
func pulseEvery(getenv func(string) string) time.Duration {
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return usualPulse
	}
	usec, err := strconv.ParseUint(getenv("WATCHDOG_USEC"), 10, 40)
	if err != nil || usec < 2000 {
		return usualPulse
	}
	return min(time.Duration(usec)*time.Microsecond/2, usualPulse)
}

// status is how the server fares, in words, for systemctl status.
func (s *server) status() string {
	n, _ := s.meters.depth.look(time.Now())
	return fmt.Sprintf("STATUS=%d sessions, %d messages wait", s.gate.open(), n)
}

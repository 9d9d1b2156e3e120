package main

import (
	"fmt"
	"net"
	"strings"

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

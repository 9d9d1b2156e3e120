package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// hookTime bounds the command of on_redirect: it must not hold up mail.
const hookTime = 10 * time.Second

// onRedirect makes the function that runs the command of redirect.on_redirect
// with the old address, the new one and the code. No shell reads them: the
// addresses come from a server. An empty command does nothing.
func onRedirect(command string) func(context.Context, envelope.Hop) error {
	words := strings.Fields(command)
	return func(ctx context.Context, h envelope.Hop) error {
		if len(words) == 0 {
			return nil
		}
		for _, a := range []address.Addr{h.From, h.To} {
			if strings.HasPrefix(a.Local, "-") { // RFC 5321 allows it, and the command would read an option
				return fmt.Errorf("redirect.on_redirect %s: not run for %s, which could pass for an option", words[0], path(a))
			}
		}
		ctx, cancel := context.WithTimeout(ctx, hookTime)
		defer cancel()
		args := append(words[1:len(words):len(words)], h.From.String(), h.To.String(), strconv.Itoa(h.Code))
		cmd := exec.CommandContext(ctx, words[0], args...)
		cmd.WaitDelay = time.Second
		forCommands()
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("redirect.on_redirect %s: %w", words[0], err)
		}
		return nil
	}
}

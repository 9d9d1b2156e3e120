package wire

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

// hookTime bounds the command of on_redirect: it must not hold up mail. One that
// took longer is left alone for hookRest, or a message to a thousand mailboxes that
// have moved would wait a thousand times.
const (
	hookTime = 10 * time.Second
	hookRest = time.Minute
)

// OnRedirect makes the function that runs the command of redirect.on_redirect
// with the old address, the new one and the code. No shell reads them: the
// addresses come from a server. An empty command does nothing.
func OnRedirect(command string) func(context.Context, envelope.Hop) error {
	h := &hook{words: strings.Fields(command), time: hookTime}
	return h.run
}

// hook is the command, which may be run for several messages at once.
type hook struct {
	words []string
	time  time.Duration
	rests atomic.Pointer[time.Time] // until when; nil: it does not
}

func (h *hook) run(ctx context.Context, hop envelope.Hop) error {
	if len(h.words) == 0 {
		return nil
	}
	name := "redirect.on_redirect " + h.words[0]
	for _, a := range []address.Addr{hop.From, hop.To} {
		if strings.HasPrefix(a.Local, "-") { // RFC 5321 allows it, and the command would read an option
			return fmt.Errorf("%s: not run for %s, which could pass for an option", name, voice.Path(a))
		}
	}
	if until := h.rests.Load(); until != nil && time.Now().Before(*until) {
		return fmt.Errorf("%s: not run for %s: it took longer than %v a moment ago", name, voice.Path(hop.From), h.time)
	}
	ctx, cancel := context.WithTimeout(ctx, h.time)
	defer cancel()
	args := append(h.words[1:len(h.words):len(h.words)], hop.From.String(), hop.To.String(), strconv.Itoa(hop.Code))
	cmd := exec.CommandContext(ctx, h.words[0], args...)
	cmd.WaitDelay = time.Second
	host.HeedSignals()
	err := cmd.Run()
	if ctx.Err() == context.DeadlineExceeded {
		until := time.Now().Add(hookRest)
		h.rests.Store(&until)
		return fmt.Errorf("%s: stopped after %v", name, h.time)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

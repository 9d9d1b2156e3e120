package secret

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Feed gives a secret to a command, run by /bin/sh -c, on its standard input. What
// the command prints on its standard output is thrown away. It ends with ctx, and
// after half a minute in any case. No error holds the secret.
func Feed(ctx context.Context, command string, s Secret) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	stderr := tail{limit: 1 << 10}
	cmd := shell(ctx, command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(s.Reveal()), io.Discard, &stderr
	if err := cmd.Run(); failed(err) {
		words := stderr.lastLine()
		if repeats(words, s.Reveal()) {
			words = ""
		}
		return fmt.Errorf("the command for the secret failed: %w", explain(ctx, err, words))
	}
	return nil
}

// repeats tells whether words hold a part of a secret that is worth hiding.
func repeats(words, secret string) bool {
	const part = 8
	secret = strings.TrimSpace(secret)
	if len(secret) < part {
		return strings.Contains(words, secret)
	}
	for i := 0; i+part <= len(words); i++ {
		if strings.Contains(secret, words[i:i+part]) {
			return true
		}
	}
	return false
}

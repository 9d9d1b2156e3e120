package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestEveryWordIsInEveryCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, err := completion(shell)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"init", "queue", "retry", "redirects", "forget", "password-command", "dry-run", "failed"} {
			if !strings.Contains(script, word) {
				t.Errorf("%s: no %s", shell, word)
			}
		}
	}
}

func TestBashCompletes(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	script, err := completion("bash")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, words, want string }{
		{"a command", "mailchute sand", "sandbox"},
		{"a command below", "mailchute queue rel", "release"},
		{"a flag", "mailchute init --password-c", "--password-command"},
		{"a flag behind a flag", "mailchute queue list --json --fail", "--failed"},
		{"nothing that does not fit", "mailchute frob", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(bash, "--norc", "-c", script+"\nCOMP_WORDS=($WORDS); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mailchute; echo \"${COMPREPLY[*]}\"")
			cmd.Env = []string{"WORDS=" + tt.words, "PATH=/usr/bin:/bin"}
			out, err := cmd.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != tt.want {
				t.Errorf("%q, %v, want %q", out, err, tt.want)
			}
		})
	}
}

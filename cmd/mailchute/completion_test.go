package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mailchute/man"
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
		{"a shell", "mailchute completion ", "bash zsh fish"},
		{"a page", "mailchute help mailchute.t", "mailchute.toml.5"},
		{"a command to be told of", "mailchute help red", "redirects"},
		{"an option of sendmail", "mailchute explain --dry", "--dry-run"},
		{"a flag", "mailchute init --password-c", "--password-command"},
		{"a flag behind a flag", "mailchute queue list --json --fail", "--failed"},
		{"nothing that does not fit", "mailchute frob", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(bash, "--norc", "-c", script+"\nCOMP_WORDS=($WORDS); [[ $WORDS != *' ' ]] || COMP_WORDS+=(''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mailchute; echo \"${COMPREPLY[*]}\"")
			cmd.Env = []string{"WORDS=" + tt.words, "PATH=/usr/bin:/bin"}
			out, err := cmd.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != tt.want {
				t.Errorf("%q, %v, want %q", out, err, tt.want)
			}
		})
	}
}

func TestFishCompletes(t *testing.T) {
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("fish is not installed")
	}
	script, err := completion("fish")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"a-file", "mailchute"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, words, want string }{
		{"a command", "mailchute sand", "sandbox"},
		{"a command below, and no file", "mailchute queue ", "flush hold list release remove retry run show"},
		{"a shell, and no file", "mailchute completion ", "bash fish zsh"},
		{"a page", "mailchute help mailchute.t", "mailchute.toml.5"},
		{"an option of sendmail", "mailchute explain --dry", "--dry-run"},
		{"a file behind a flag that takes one", "mailchute check --config a-", "a-file"},
		{"the same behind its letter", "mailchute check -C a-", "a-file"},
		{"no file behind another", "mailchute check --account a-", ""},
		{"a file for sandbox to run", "mailchute sandbox a-", "a-file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(fish, "--no-config", "-c", script+"\ncomplete -C \"$WORDS\" | string split -f1 \\t | sort")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "WORDS="+tt.words, "HOME="+dir)
			out, err := cmd.CombinedOutput()
			if got := strings.Join(strings.Fields(string(out)), " "); err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestZshCompletes(t *testing.T) {
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skip("zsh is not installed")
	}
	script, err := completion("zsh")
	if err != nil {
		t.Fatal(err)
	}
	// What the shell's own functions would be given, from a script that is sourced.
	const around = "compdef() { print compdef $@ }\n_describe() { print $1 ${#choices} ${(M)choices:#$WANT*} }\n"
	cmd := exec.Command(zsh, "-f", "-c", around+script+"\nwords=(mailchute completion ''); CURRENT=3; WANT=zs; _mailchute")
	out, err := cmd.CombinedOutput()
	if got, want := string(out), "compdef _mailchute mailchute\nmailchute 3 zsh:\n"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// TestTheOptionsOfSendmailAreCompletedAsTheManualHasThem: kong does not know them.
func TestTheOptionsOfSendmailAreCompletedAsTheManualHasThem(t *testing.T) {
	page, err := man.Pages.ReadFile("sendmail.8")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(string(page)) {
		words := strings.Fields(line)
		for i, word := range words {
			if option, ok := strings.CutPrefix(word, `\-`); ok && i > 0 && words[0] == ".It" && words[i-1] == "Fl" && !slices.Contains(want, "--"+option) {
				want = append(want, "--"+option)
			}
		}
	}
	for _, c := range sendmailOptions() {
		got = append(got, c.word)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
		t.Error(diff)
	}
}

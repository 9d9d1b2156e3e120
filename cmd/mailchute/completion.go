package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// choice is a word that can come next.
type choice struct {
	word, help string
	value      string // of a flag: what its value is called, "FILE"; "" for a flag without one
	short      rune   // the flag in one letter; 0: there is none
}

// branch is a command, its words so far, and what can come next.
type branch struct {
	words   string // "queue list"; "" at the top
	choices []choice
}

// completion is the script that teaches a shell our words.
func completion(shell string) (string, error) {
	parser, err := kong.New(&commands{}, kong.Name("mailchute"))
	if err != nil {
		return "", err
	}
	tree := branches(parser.Model.Node, "")
	for i := range tree {
		switch tree[i].words {
		case "help":
			tree[i].choices = append(topics(tree[0]), tree[i].choices...)
		case "explain", "sendmail":
			tree[i].choices = append(sendmailOptions(), tree[i].choices...)
		}
	}
	switch shell {
	case "bash":
		return bashCompletion(tree), nil
	case "zsh":
		return zshCompletion(tree), nil
	}
	return fishCompletion(tree), nil
}

// branches walks kong's model, past what is hidden there.
func branches(n *kong.Node, words string) []branch {
	b := branch{words: words}
	for _, c := range n.Children {
		if !c.Hidden {
			b.choices = append(b.choices, choice{word: c.Name, help: c.Help})
		}
	}
	for _, arg := range n.Positional {
		if arg.Enum == "" {
			continue
		}
		for _, word := range arg.EnumSlice() {
			b.choices = append(b.choices, choice{word: word})
		}
	}
	for _, f := range n.Flags {
		if f.Hidden {
			continue
		}
		c := choice{word: "--" + f.Name, help: f.Help, short: f.Short}
		if !f.IsBool() {
			c.value = f.PlaceHolder
		}
		b.choices = append(b.choices, c)
	}
	tree := []branch{b}
	for _, c := range n.Children {
		tree = append(tree, branches(c, strings.TrimSpace(words+" "+c.Name))...)
	}
	return tree
}

// topics is what help knows: the other commands, and the pages.
func topics(top branch) (all []choice) {
	for _, c := range top.choices {
		if !strings.HasPrefix(c.word, "--") && c.word != "help" {
			all = append(all, c)
		}
	}
	for _, file := range pageFiles() {
		all = append(all, choice{word: file, help: "A manual page."})
	}
	return all
}

// sendmailOptions is the long options of sendmail(8), which kong does not know.
func sendmailOptions() []choice {
	return []choice{
		{word: "--account", help: "Send by this account.", value: "NAME"},
		{word: "--dry-run", help: "Show what would be done; send nothing."},
		{word: "--json", help: "The dry run as JSON."},
		{word: "--require-tls", help: "Only over verified TLS, all the way."},
		{word: "--priority", help: "Priority, -9 to 9.", value: "N"},
		{word: "--deliver-by", help: "A deadline, and what to do when it is missed.", value: "TIME"},
		{word: "--hold-for", help: "Release it after this time.", value: "TIME"},
		{word: "--hold-until", help: "Release it at this time.", value: "TIME"},
	}
}

// followed is the part that bash and zsh share: it follows the words of the
// command line into a variable.
func followed(b *strings.Builder, tree []branch, variable string) {
	var all []string
	for _, br := range tree[1:] {
		all = append(all, shellQuote(br.words))
	}
	fmt.Fprintf(b, "        case \"${%s:+$%[1]s }$word\" in\n        %s) %[1]s=\"${%[1]s:+$%[1]s }$word\" ;;\n        esac\n",
		variable, strings.Join(all, "|"))
}

func bashCompletion(tree []branch) string {
	var b strings.Builder
	b.WriteString("# completion of mailchute for bash\n_mailchute() {\n    local at= word words=\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n")
	followed(&b, tree, "at")
	b.WriteString("    done\n    case \"$at\" in\n")
	for _, br := range tree {
		var words []string
		for _, c := range br.choices {
			words = append(words, c.word)
		}
		fmt.Fprintf(&b, "    %s) words=%s ;;\n", shellQuote(br.words), shellQuote(strings.Join(words, " ")))
	}
	b.WriteString("    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _mailchute mailchute\n")
	return b.String()
}

func zshCompletion(tree []branch) string {
	var b strings.Builder
	b.WriteString("#compdef mailchute\n_mailchute() {\n    local at= word\n    local -a choices\n    for word in ${words[2,CURRENT-1]}; do\n")
	followed(&b, tree, "at")
	b.WriteString("    done\n    case \"$at\" in\n")
	for _, br := range tree {
		fmt.Fprintf(&b, "    %s) choices=(", shellQuote(br.words))
		for _, c := range br.choices {
			fmt.Fprintf(&b, "\n        %s", shellQuote(strings.ReplaceAll(c.word, ":", `\:`)+":"+c.help))
		}
		b.WriteString(") ;;\n")
	}
	b.WriteString("    esac\n    _describe mailchute choices || _files\n}\nif [ \"$funcstack[1]\" = _mailchute ]; then\n    _mailchute \"$@\"\nelse\n    compdef _mailchute mailchute\nfi\n")
	return b.String()
}

// fishCompletion offers no file names but behind a flag that takes one, and in what
// sandbox runs.
func fishCompletion(tree []branch) string {
	var b strings.Builder
	b.WriteString("# completion of mailchute for fish\ncomplete -c mailchute -f\ncomplete -c mailchute -n '__fish_seen_subcommand_from sandbox' -F\n")
	for _, br := range tree {
		when := "__fish_use_subcommand"
		if br.words != "" {
			when = "__fish_seen_subcommand_from " + strings.ReplaceAll(br.words, " ", "; and __fish_seen_subcommand_from ")
		}
		var below []string
		for _, c := range br.choices {
			if !strings.HasPrefix(c.word, "--") {
				below = append(below, c.word)
			}
		}
		if br.words != "" && below != nil {
			when += "; and not __fish_seen_subcommand_from " + strings.Join(below, " ")
		}
		for _, c := range br.choices {
			fmt.Fprintf(&b, "complete -c mailchute -n %s %s -d %s\n", shellQuote(when), fishWord(c), shellQuote(c.help))
		}
	}
	return b.String()
}

// fishWord is the options of complete that offer a word.
func fishWord(c choice) string {
	flag, is := strings.CutPrefix(c.word, "--")
	if !is {
		return "-a " + c.word
	}
	word := "-l " + flag
	if c.short != 0 {
		word += " -s " + string(c.short)
	}
	switch {
	case strings.Contains(c.value, "FILE"), strings.Contains(c.value, "DIR"):
		return word + " -rF"
	case c.value != "":
		return word + " -x"
	}
	return word
}

// shellQuote makes a word of any of the three shells. The texts are our own and
// hold no line ends.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "’") + "'"
}

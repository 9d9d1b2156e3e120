package mdoc

import "strings"

// arg is a word of a macro's line. What stood in quotes is never a macro nor
// punctuation.
type arg struct {
	text   string
	quoted bool
}

// split takes a macro's line apart.
func split(line string) []arg {
	var args []arg
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return args
		}
		if line[0] == '"' {
			text, rest, _ := strings.Cut(line[1:], `"`)
			args, line = append(args, arg{unescape(text), true}), rest
			continue
		}
		text, rest, _ := strings.Cut(line, " ")
		if strings.HasPrefix(text, `\&`) { // keeps a word from being read as a macro
			args = append(args, arg{unescape(text), true})
		} else {
			args = append(args, arg{unescape(text), false})
		}
		line = rest
	}
}

// unescape replaces the escapes of roff that the pages use.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\-`, "-", `\&`, "", `\(dq`, `"`, `\(aq`, "'", `\(en`, "-", `\(em`, "--", `\e`, `\`, `\ `, " ", `\~`, " ").Replace(s)
}

// paragraph is text that is being put together.
type paragraph struct {
	text strings.Builder
	glue bool // nothing parts what comes next from what is there
}

func (p *paragraph) add(word string) {
	if p.text.Len() > 0 && !p.glue {
		p.text.WriteByte(' ')
	}
	p.text.WriteString(word)
	p.glue = false
}

// attach adds without a blank in front.
func (p *paragraph) attach(word string) {
	p.glue = true
	p.add(word)
}

// word adds a word of a macro with what the macro puts in front of it.
func (p *paragraph) word(a arg, prefix string) {
	switch {
	case !a.quoted && isClosing(a.text):
		p.attach(a.text)
	case !a.quoted && (a.text == "(" || a.text == "["):
		p.add(a.text)
		p.glue = true
	case !a.quoted && a.text == "|":
		p.add(a.text)
	default:
		p.add(prefix + a.text)
	}
}

// inline adds a line of macros and words. name is what .Nm stands for.
func (p *paragraph) inline(name string, args []arg) {
	prefix := ""
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a.quoted || !isMacro(a.text) {
			p.word(a, prefix)
			continue
		}
		prefix = ""
		alone := i+1 == len(args) || !args[i+1].quoted && (isMacro(args[i+1].text) || isClosing(args[i+1].text))
		switch a.text {
		case "Fl":
			if prefix = "-"; alone {
				p.add("-")
			}
		case "Nm":
			if alone {
				p.add(name)
			}
		case "Ar":
			if alone {
				p.add("file ...")
			}
		case "Xr":
			i += p.reference(args[i+1:])
		case "Ns":
			p.glue = true
		case "Oo", "Po":
			p.add(bracket(a.text)[:1])
			p.glue = true
		case "Oc", "Pc":
			p.attach(bracket(a.text)[1:])
		case "Op", "Pq", "Ql", "Dq", "Sq":
			p.enclose(a.text, name, args[i+1:])
			return
		}
	}
}

// reference is .Xr NAME SECTION; the number of words taken.
func (p *paragraph) reference(args []arg) int {
	if len(args) < 2 {
		return 0
	}
	p.add(args[0].text + "(" + args[1].text + ")")
	return 2
}

// enclose puts brackets or quotes around the rest of the line, but not around the
// punctuation at its end.
func (p *paragraph) enclose(macro, name string, args []arg) {
	end := len(args)
	for end > 0 && !args[end-1].quoted && isClosing(args[end-1].text) {
		end--
	}
	pair := bracket(macro)
	p.add(pair[:1])
	p.glue = true
	p.inline(name, args[:end])
	p.attach(pair[1:])
	for _, a := range args[end:] {
		p.attach(a.text)
	}
}

func bracket(macro string) string {
	switch macro {
	case "Op", "Oo", "Oc":
		return "[]"
	case "Pq", "Po", "Pc":
		return "()"
	case "Dq":
		return `""`
	}
	return "''"
}

// isMacro tells whether a word is a macro that can stand inside a line.
func isMacro(word string) bool {
	switch word {
	case "Fl", "Ar", "Cm", "Ic", "Li", "Pa", "Ev", "Va", "Em", "Sy", "Xr", "Nm", "Sx", "No", "Ns",
		"Op", "Pq", "Ql", "Dq", "Sq", "Oo", "Oc", "Po", "Pc":
		return true
	}
	return false
}

// isClosing tells whether a word is punctuation that nothing parts from the word
// before it.
func isClosing(word string) bool {
	switch word {
	case ".", ",", ";", ":", ")", "]", "?", "!":
		return true
	}
	return false
}

// Package mdoc shows a manual page as text, where there is no man(1). It knows
// the part of the mdoc language that the project's own pages are written in; an
// unknown macro shows its arguments.
package mdoc

import "strings"

// indent is how far text stands from the left, and a list's text from its tag.
const indent = 5

// Text is the page in lines of at most width columns, if the words allow it.
func Text(page string, width int) string {
	r := &renderer{width: width, margin: indent}
	for line := range strings.Lines(page) {
		r.line(strings.TrimRight(line, "\n"))
	}
	r.flush()
	return strings.TrimLeft(r.out.String(), "\n")
}

// renderer goes through a page line by line.
type renderer struct {
	out     strings.Builder
	width   int
	margin  int
	name    string // of the page, for .Nm
	section string
	para    paragraph
	lists   []list
	tag     string // waits for the first line of its text
	literal bool   // between .Bd and .Ed
}

// list is one that is open.
type list struct {
	kind    string // -tag, -bullet and so on
	width   int
	compact bool
	margin  int // outside of it
}

// line reads one line of the source.
func (r *renderer) line(text string) {
	switch {
	case strings.HasPrefix(text, `.\"`), text == ".":
	case r.literal && !strings.HasPrefix(text, ".Ed"):
		r.verbatim(unescape(text))
	case strings.HasPrefix(text, "."):
		args := split(text[1:])
		if len(args) > 0 {
			r.macro(args[0].text, args[1:])
		}
	case text == "":
		r.flush()
		r.blank()
	default:
		r.para.add(unescape(text))
	}
}

// macro does what stands alone on a line; all else is a part of the text.
func (r *renderer) macro(name string, args []arg) {
	switch name {
	case "Dd", "Dt", "Os":
	case "Sh", "Ss":
		r.heading(name, args)
	case "Pp":
		r.flush()
		r.blank()
	case "Bl":
		r.begin(args)
	case "It":
		r.item(args)
	case "El":
		r.end()
	case "Bd":
		r.flush()
		r.blank()
		r.literal = true
	case "Ed":
		r.literal = false
		r.blank()
	case "Dl":
		r.flush()
		r.verbatim(r.inline(args))
	case "Nd":
		r.para.add("- " + r.inline(args))
	case "Nm":
		r.nm(args)
	default:
		r.para.inline(r.name, append([]arg{{text: name}}, args...))
	}
}

// nm is the name of the page; in a synopsis it begins a line.
func (r *renderer) nm(args []arg) {
	if r.name == "" && len(args) > 0 {
		r.name = args[0].text
	}
	if r.section == "SYNOPSIS" {
		r.flush()
	}
	r.para.inline(r.name, append([]arg{{text: "Nm"}}, args...))
}

func (r *renderer) heading(name string, args []arg) {
	r.flush()
	r.blank()
	text := r.inline(args)
	r.margin, r.lists = indent, nil
	if name == "Sh" {
		r.section = text
		r.out.WriteString(text + "\n")
		return
	}
	r.out.WriteString(strings.Repeat(" ", indent/2) + text + "\n")
}

// begin opens a list.
func (r *renderer) begin(args []arg) {
	r.flush()
	l := list{margin: r.margin, width: indent + 1}
	for i, a := range args {
		switch a.text {
		case "-tag", "-bullet", "-item", "-enum", "-dash":
			l.kind = a.text
		case "-compact":
			l.compact = true
		case "-width":
			if i+1 < len(args) && args[i+1].text != "Ds" {
				l.width = min(len(args[i+1].text)+2, r.width/3)
			}
		}
	}
	r.lists = append(r.lists, l)
}

// item begins an item of the innermost list.
func (r *renderer) item(args []arg) {
	r.flush()
	if len(r.lists) == 0 {
		return
	}
	l := r.lists[len(r.lists)-1]
	if !l.compact {
		r.blank()
	}
	switch l.kind {
	case "-bullet", "-dash", "-enum":
		l.width = 2
		r.tag = "-"
	case "-tag":
		r.tag = r.inline(args)
	}
	r.margin = l.margin + l.width
	if len(r.tag) >= l.width {
		r.out.WriteString(strings.Repeat(" ", l.margin) + r.tag + "\n")
		r.tag = ""
	}
}

// end closes the innermost list.
func (r *renderer) end() {
	r.flush()
	if n := len(r.lists); n > 0 {
		r.margin, r.lists = r.lists[n-1].margin, r.lists[:n-1]
	}
}

func (r *renderer) inline(args []arg) string {
	var p paragraph
	p.inline(r.name, args)
	return p.text.String()
}

// blank writes one empty line, however often it is asked to.
func (r *renderer) blank() {
	if text := r.out.String(); text != "" && !strings.HasSuffix(text, "\n\n") {
		r.out.WriteByte('\n')
	}
}

func (r *renderer) verbatim(text string) {
	r.out.WriteString(strings.TrimRight(strings.Repeat(" ", r.margin+indent)+text, " ") + "\n")
}

// flush writes the paragraph that was collected, behind its tag if there is one.
func (r *renderer) flush() {
	words := strings.Fields(r.para.text.String())
	r.para = paragraph{}
	line := strings.Repeat(" ", r.margin)
	if r.tag != "" {
		outside := r.lists[len(r.lists)-1].margin
		line = strings.Repeat(" ", outside) + r.tag
		line += strings.Repeat(" ", max(1, r.margin-len(line)))
		r.tag = ""
		if len(words) == 0 {
			r.out.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	hanging := strings.Repeat(" ", r.margin)
	if r.section == "SYNOPSIS" {
		hanging += strings.Repeat(" ", len(r.name)+1)
	}
	for len(words) > 0 {
		line += words[0]
		words = words[1:]
		for len(words) > 0 && len(line)+1+len(words[0]) <= r.width {
			line += " " + words[0]
			words = words[1:]
		}
		r.out.WriteString(line + "\n")
		line = hanging
	}
}

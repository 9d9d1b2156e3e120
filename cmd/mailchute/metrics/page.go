package metrics

import (
	"strconv"
	"strings"
)

// Page is the answer to a scrape while it is written. Each family is begun once,
// and its samples follow.
type Page struct{ text []byte }

// contentType is the media type of a Page.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// The kinds of families.
const (
	counter   = "counter"
	gauge     = "gauge"
	histogram = "histogram"
)

// Counter writes a family of counters. Sample is called for each of them.
func (p *Page) Counter(name, help string) { p.family(name, help, counter) }

// Gauge writes a family of one value that goes up and down.
func (p *Page) Gauge(name, help string, value float64, labels ...string) {
	p.family(name, help, gauge)
	p.Sample(name, value, labels...)
}

// Sample writes one value of the family that was begun. Labels are names and values
// in turn.
func (p *Page) Sample(name string, value float64, labels ...string) {
	p.text = append(p.text, name...)
	for i := 0; i+1 < len(labels); i += 2 {
		p.text = append(p.text, "{,"[min(i, 1)])
		p.text = append(append(p.text, labels[i]...), `="`...)
		p.text = append(append(p.text, strings.ReplaceAll(escaped(labels[i+1]), `"`, `\"`)...), '"')
	}
	if len(labels) > 1 {
		p.text = append(p.text, '}')
	}
	p.text = strconv.AppendFloat(append(p.text, ' '), value, 'g', -1, 64)
	p.text = append(p.text, '\n')
}

// Histogram writes a family of one histogram, in seconds. Its buckets are read one
// after the other while others count, so the count is made of what was read.
func (p *Page) Histogram(name, help string, h *Histogram) {
	p.family(name, help, histogram)
	var n uint64
	for i := range h.buckets {
		n += h.buckets[i].Load()
		le := "+Inf"
		if i < len(h.bounds) {
			le = strconv.FormatFloat(h.bounds[i].Seconds(), 'g', -1, 64)
		}
		p.Sample(name+"_bucket", float64(n), "le", le)
	}
	p.Sample(name+"_sum", float64(h.sum.Load())/1e9)
	p.Sample(name+"_count", float64(n))
}

// Bytes is the page as it was written so far.
func (p *Page) Bytes() []byte { return p.text }

// family begins a family.
func (p *Page) family(name, help, kind string) {
	p.text = append(p.text, "# HELP "+name+" "+escaped(help)+"\n# TYPE "+name+" "+kind+"\n"...)
}

// escaped is s with what the format has escaped in a help text and a label's value.
func escaped(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "\n", `\n`)
}

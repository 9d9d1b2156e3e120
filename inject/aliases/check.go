package aliases

// Check looks at every entry as newaliases(1) would: members that cannot get
// mail, files that cannot be included, entries that lead to nobody and names that
// are there twice. The errors are of type *Error.
func (t *Table) Check() []error {
	var errs []error
	for _, e := range t.order {
		for _, err := range t.check(e) {
			errs = append(errs, t.at(e, err))
		}
	}
	for _, e := range t.twice {
		errs = append(errs, t.at(e, &Error{Reason: "is there twice", Hint: "the first one counts"}))
	}
	return errs
}

// check looks at one entry, not at those that it names.
func (t *Table) check(e *entry) []*Error {
	list := members(e.value)
	if len(list) == 0 {
		return []*Error{{Reason: "leads to no address"}}
	}
	var errs []*Error
	for _, m := range list {
		switch {
		case m.err != nil:
			errs = append(errs, m.err)
		case m.include != "":
			errs = append(errs, t.checkFile(m.include)...)
		}
	}
	return errs
}

// checkFile looks at one included file, not at those that it includes.
func (t *Table) checkFile(path string) []*Error {
	lines, err := t.included(path)
	if err != nil {
		return []*Error{err}
	}
	var errs []*Error
	for _, line := range lines {
		for _, m := range members(line) {
			if m.err != nil {
				m.err.Reason += " in " + quote(path)
				errs = append(errs, m.err)
			}
		}
	}
	return errs
}

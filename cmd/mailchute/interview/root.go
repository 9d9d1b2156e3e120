package interview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"

	"mailchute/cmd/mailchute/voice"
	"mailchute/inject/aliases"
	"mailchute/inject/setup"
)

// aliasForRoot adds an alias for root where there is none.
func (i *initialization) aliasForRoot(ctx context.Context, path, proposed string) error {
	if path == "" {
		if i.Root != "" {
			fmt.Fprintln(i.Stdout, "note     no aliases file is configured, so mail for root has no alias")
		}
		return nil
	}
	table, err := aliases.Load(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if table != nil {
		if there, found := table.Expand("root", nil); found {
			i.tellAlias(path, there)
			return nil
		}
	}
	target := i.Root
	if target == "" && i.machine && path == "/etc/aliases" && i.who.UID == 0 {
		if target, err = i.ask.mailbox(ctx, "Address for mail to root", proposed, targets); err != nil {
			return err
		}
	}
	if target == "" {
		return nil
	}
	if _, err = setup.AddAliasTo(path, "root", target); errors.Is(err, fs.ErrPermission) {
		fmt.Fprintf(i.Stdout, "note     %s cannot be written; as root, add the line: root: %s\n", voice.Printable(path), voice.Printable(target))
		return nil
	} else if err != nil {
		return err
	}
	fmt.Fprintf(i.Stdout, "wrote    %s: mail for root goes to %s\n", voice.Printable(path), voice.Printable(target))
	return nil
}

// tellAlias says that the alias that is there stays, to who asked for another.
func (i *initialization) tellAlias(path string, there []aliases.Target) {
	wanted, err := behind(i.Root)
	if i.Root == "" || err == nil && spell(wanted) == spell(there) {
		return
	}
	fmt.Fprintf(i.Stdout, "note     mail for root goes to %s already; that line of %s stays, and --root adds none for %s\n",
		voice.Printable(spell(there)), voice.Printable(path), voice.Printable(i.Root))
}

// spell is targets as the right side of an alias.
func spell(all []aliases.Target) string {
	var words []string
	for _, t := range all {
		if t.Err != nil {
			words = append(words, "("+reason(t.Err)+")")
		} else {
			words = append(words, t.Addr.String())
		}
	}
	return strings.Join(words, ", ")
}

// behind is what an alias with that right side leads to.
func behind(text string) ([]aliases.Target, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errors.New("it has a control character in it")
	}
	table, err := aliases.Parse("", []byte("root: "+text), nil)
	if err != nil {
		return nil, err
	}
	all, _ := table.Expand("root", nil)
	return all, nil
}

// targets tells what is wrong with text as the right side of an alias that leads off
// this machine. A name leads to a mailbox here, which nobody reads; what looks like
// an address may be a program or a file to aliases(5).
func targets(text string) error {
	all, err := behind(text)
	for _, t := range all {
		switch {
		case t.Err != nil:
			return errors.New(reason(t.Err))
		case t.Addr.Domain == "":
			return fmt.Errorf("%q: %w", t.Addr.Local, errNoDomain)
		}
	}
	return err
}

// reason is what is wrong with an alias, without the place.
func reason(err error) string {
	if e := new(aliases.Error); errors.As(err, &e) {
		return e.Reason
	}
	return err.Error()
}

package interview

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mailchute/inject/config"
	"mailchute/inject/setup"
)

// taken tells whether another password lies where one is to go. That of the
// configuration that is replaced gives way, unless another one uses it too.
func (i *initialization) taken(s setup.Secret) bool {
	return !s.Fits() && !i.owns(s.Path)
}

// owns tells whether nothing but the configuration that is replaced uses a password
// file, as far as can be seen from here.
func (i *initialization) owns(file string) bool {
	if !i.Force {
		return false
	}
	users := usersOf(file)
	return len(users) == 1 && users[0] == i.path
}

// settle says of each password whether it replaces another, and fails where one has to
// go to a file that is taken.
func (i *initialization) settle(secrets []setup.Secret) error {
	for n := range secrets {
		s := &secrets[n]
		if s.Replaces = !s.Fits(); !s.Replaces || i.owns(s.Path) {
			continue
		}
		others := slices.DeleteFunc(usersOf(s.Path), func(user string) bool { return user == i.path })
		why := "and nobody knows whose; move it away"
		if len(others) > 0 {
			why = fmt.Sprintf("which %q may use; move it, and name the new place there", others[0])
		}
		return fmt.Errorf("mailchute.service reads its secret from %q: there is another one, %s", s.Path, why)
	}
	return nil
}

// usersOf is the configurations in the directory of a password file that name it. One
// that cannot be read may do so.
func usersOf(file string) (users []string) {
	dir := filepath.Dir(file)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if filepath.Ext(path) != ".toml" {
			continue
		}
		if uses, err := usesFile(path, file); uses || err != nil && !errors.Is(err, fs.ErrNotExist) {
			users = append(users, path)
		}
	}
	return users
}

// usesFile tells whether a configuration names a password file.
func usesFile(path, file string) (bool, error) {
	c, _, err := config.Load(path)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(c.All(), func(a *config.Account) bool {
		return slices.Contains([]string{a.Secret.File, a.Secret.Spare, a.OAuth.ClientSecret.File, a.OAuth.ClientSecret.Spare}, file)
	}), nil
}

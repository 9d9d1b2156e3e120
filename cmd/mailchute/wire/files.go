package wire

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
	"mailchute/relay/oauth"
	"mailchute/relay/secret"
)

// CheckSecretFiles looks at the permissions of the files with a secret that an account
// reads: the password and the key that signs. A warning is of something odd that can
// be lived with, "" for nothing.
func CheckSecretFiles(a *config.Account) (warning string, err error) {
	files := [][2]string{{"dkim.key_file", a.DKIM.KeyFile}}
	if !a.AuthOff {
		files = append(files, [2]string{"password_file", a.Secret.File})
	}
	for _, f := range files {
		key, file := f[0], f[1]
		if file == "" {
			continue
		}
		w, err := secret.Check(file)
		var absent *fs.PathError
		if errors.As(err, &absent) {
			err = fmt.Errorf("%s: %q: %w", key, file, absent.Err)
		}
		if err != nil {
			return "", &exit.ConfigError{Err: err}
		}
		warning = cmp.Or(warning, w)
	}
	return warning, nil
}

// CheckTokenFiles looks at the permissions of the files that a login by token
// reads, as CheckSecretFiles does. A token that is not there yet is nobody's fault.
func CheckTokenFiles(s *oauth.Source) (warning string, err error) {
	files := []string{s.Client.Secret.File}
	if s.Store.Load == "" {
		files = append(files, s.Store.File)
	}
	for _, file := range files {
		if file == "" {
			continue
		}
		w, err := secret.Check(file)
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && file == s.Store.File) {
			return "", err
		}
		warning = cmp.Or(warning, w)
	}
	return warning, nil
}

package wire

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
	"mailchute/relay/secret"
)

// CheckSecret looks at the permissions of the password file.
func CheckSecret(a *config.Account) (warning string, err error) {
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

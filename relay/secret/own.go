package secret

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// ReadOwn reads the first line of a file that this program keeps a secret in, up to
// 64 KiB long. Nobody has reason to put anything else in its place: a symbolic
// link is not followed, only a regular file is read, and what Check refuses of its
// owner and permissions is refused of the file that was opened, not of a name that
// somebody else may change meanwhile. An empty line is ErrEmpty.
func ReadOwn(ctx context.Context, path string) (Secret, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, syscall.ELOOP) {
		return Secret{}, fmt.Errorf("file %q: it is a symbolic link, which is not followed here; name the file itself", path)
	}
	if err != nil {
		return Secret{}, ofFile(path, err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, ofFile(path, err)
	}
	if !info.Mode().IsRegular() {
		return Secret{}, fmt.Errorf("file %q: it is no regular file", path)
	}
	if _, err := checkInfo(path, info); err != nil {
		return Secret{}, err
	}
	s, err := firstLineOf(ctx, f)
	if err != nil {
		return Secret{}, ofFile(path, err)
	}
	return s, nil
}

// ofFile names the file of an error, quoted: an *fs.PathError has the path in it as
// it is, control characters and all.
func ofFile(path string, err error) error {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return fmt.Errorf("file %q: %w", path, err)
}

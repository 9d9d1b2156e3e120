package host

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// subIDs is where the ids that users may give away in name spaces are, subuid(5).
const subIDs = "/etc/subuid"

// Lender is the login of the user to whom a user id is lent for name spaces of his
// own, "" for nobody's: an id of that kind has no passwd entry, and its owner has
// thousands of them. What another service than the file says is not asked.
func Lender(uid int) string {
	f, err := os.Open(subIDs)
	if err != nil {
		return ""
	}
	defer f.Close()
	return lenderIn(f, uid)
}

// lenderIn looks for the first line of a subuid file that a user id falls under.
func lenderIn(r io.Reader, uid int) string {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		owner, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		first, count, _ := strings.Cut(rest, ":")
		start, err1 := strconv.ParseUint(first, 10, 32)
		n, err2 := strconv.ParseUint(count, 10, 32)
		if owner == "" || err1 != nil || err2 != nil || uint64(uid) < start || uint64(uid)-start >= n {
			continue
		}
		if id, err := strconv.ParseUint(owner, 10, 32); err == nil { // the owner may stand there as a number
			return LookUpUser(int(id)).Login
		}
		return owner
	}
	return ""
}

package host

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// User is the user as the system knows him: by the real user id, never by
// the environment.
type User struct {
	UID      int
	Login    string // never ""
	FullName string // as passwd(5) has it; "" where it has none
	Home     string // "" where it has none
	Listed   bool   // there is a passwd entry
}

// Caller is who runs this program.
func Caller() User { return LookUpUser(os.Getuid()) }

// LookUpUser asks the system who has a user id. One without a passwd entry
// (containers have many) is called uid and its number.
func LookUpUser(uid int) User {
	a := User{UID: uid, Login: "uid" + strconv.Itoa(uid)}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return a
	}
	a.Listed = true
	if u.Username != "" {
		a.Login = u.Username
	}
	a.Home = u.HomeDir
	// passwd(5): the full name ends at the first comma, & is the login name
	name, _, _ := strings.Cut(u.Name, ",")
	if strings.Contains(name, "&") && a.Login != "" {
		name = strings.ReplaceAll(name, "&", strings.ToUpper(a.Login[:1])+a.Login[1:])
	}
	a.FullName = name
	return a
}

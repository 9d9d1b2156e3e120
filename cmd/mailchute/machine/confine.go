package machine

import (
	"os"
	"slices"
	"strings"
)

// Confinement is what may keep programs from calling sendmail, whatever the
// permissions of files say.
type Confinement struct {
	AppArmor bool
	Profiles []string // of AppArmor, that speak of sendmail

	SELinux bool // and it enforces
	WebMay  bool // its boolean httpd_can_sendmail is on
}

// maxProfiles bounds the profiles that are read.
const maxProfiles = 1000

// Confinement looks for AppArmor and SELinux.
func (m Machine) Confinement() Confinement {
	c := Confinement{
		AppArmor: strings.HasPrefix(m.read("/sys/module/apparmor/parameters/enabled"), "Y"),
		SELinux:  strings.HasPrefix(m.read("/sys/fs/selinux/enforce"), "1"),
		WebMay:   strings.HasPrefix(m.read("/sys/fs/selinux/booleans/httpd_can_sendmail"), "1"),
	}
	if !c.AppArmor {
		return c
	}
	entries, _ := os.ReadDir(m.at("/etc/apparmor.d"))
	for _, e := range entries[:min(len(entries), maxProfiles)] {
		if e.Type().IsRegular() && strings.Contains(m.read("/etc/apparmor.d/"+e.Name()), "sendmail") {
			c.Profiles = append(c.Profiles, e.Name())
		}
	}
	slices.Sort(c.Profiles)
	return c
}

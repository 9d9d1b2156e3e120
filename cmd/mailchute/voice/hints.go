package voice

// HintNoConfig is what to do where no configuration is found.
const HintNoConfig = "make one with: mailchute init; or write it to ~/.config/mailchute/mailchute.toml or /etc/mailchute/mailchute.toml; the least it needs is a line such as smarthost = \"submission://smtp.example.org\", see mailchute.toml(5)"

// HintNotReadable is what to do where this user may not read the configuration or a
// secret that it names.
const HintNotReadable = "where only root may read it, mailchute serve sends for all users; or make a configuration of your own with: mailchute init"

// HintServerCannotRead is the same for the server.
const HintServerCannotRead = "the user that the server runs as has to read it: look at the mode of the file (0644) and of its directory (0755); passwords have files of their own"

// HintNoUser is what to do where a server wants a login and none is configured.
const HintNoUser = "no login is configured: set user, and password_file or password_command, see mailchute.toml(5)"

// HintCheck is what to do where the way to the smarthost is in trouble.
const HintCheck = "mailchute check looks at configuration, server and login, and says what to mend"

// NoTokens says that an account, "" for the top level, has no login by token, and
// what it needs for one.
func NoTokens(account string) string {
	table := "[oauth]"
	if account != "" {
		table = "[account." + account + ".oauth]"
	}
	return "there is no " + table + `, so nothing logs in by token; the least it needs is provider = "google" or "microsoft" and client_id = "...", see mailchute.toml(5)`
}

// LoginCommand is the command that gets an account, "" for the top level, a token.
func LoginCommand(account string) string {
	if account == "" {
		return "mailchute login"
	}
	return "mailchute login " + account
}

// TokenUnkept is the warning of a token that could not be kept.
func TokenUnkept(account string, err error) string {
	return err.Error() + "; unless it can be kept before this process ends, the next login needs: " + LoginCommand(account)
}

// RedirectMeaning is what a reply of draft-sam-smtp-redirects asks of people, by its
// code.
func RedirectMeaning(code int) string {
	switch code {
	case 557:
		return "moved for good: please use the new address from now on"
	case 558:
		return "moved for now: keep the old address"
	}
	return "user not local"
}

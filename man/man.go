// Package man is the manual pages, for systems and containers without man(1).
package man

import "embed"

// Pages holds the pages under their file names, such as "mailchute.1".
//
//go:embed mailchute.1 mailchute.toml.5 sendmail.8
var Pages embed.FS

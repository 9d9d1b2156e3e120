// Package man is the manual pages, for systems and containers without man(1).
package man

import "embed"

// Pages holds the pages under their file names, such as "mailchute.1".
//
//go:embed *.[1-8]
var Pages embed.FS

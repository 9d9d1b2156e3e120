package serve

import (
	"os"
	"strconv"
	"strings"
)

// residentMemory is the octets of memory that we take, from proc(5).
func residentMemory() (octets float64, ok bool) {
	text, err := os.ReadFile("/proc/self/statm")
	words := strings.Fields(string(text))
	if err != nil || len(words) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(words[1], 10, 64)
	return float64(pages) * float64(os.Getpagesize()), err == nil
}

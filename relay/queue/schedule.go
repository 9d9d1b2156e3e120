package queue

import "time"

// Next is when to try again after the attempt number attempts, counted from 1,
// which ended now: the interval doubles from shortest to longest. jitter, from 0
// up to 1, spreads it over a third more, so that what failed together does not
// come back together; the interval never leaves shortest to longest.
func Next(attempts int, now time.Time, shortest, longest time.Duration, jitter float64) time.Time {
	wait := max(shortest, time.Second) // a zero would be a storm
	longest = max(longest, wait)
	top := max(longest/4*3, wait) // with all the jitter it is longest
	for i := 1; i < attempts && wait < top; i++ {
		wait = min(wait, top/2) * 2
	}
	wait += time.Duration(float64(wait) * min(max(jitter, 0), 1) / 3)
	return now.Add(min(wait, longest))
}

// Expired tells whether a message that failed once more, now, has been tried long
// enough: since counts its age, last is the time of the attempt before this one,
// or of its submission. After a pause longer than twice the longest interval it
// gets another try, however old it is: the machine was asleep or its clock was
// wrong, and the mail was not tried all that time.
func Expired(since, last, now time.Time, expire, longest time.Duration) bool {
	return now.Sub(since) >= expire && now.Sub(last) <= 2*longest
}

// Late tells whether the sender is to be told that a message is late. It is told
// once; after 0 means never.
func Late(since, now time.Time, after time.Duration, warned bool) bool {
	return !warned && after > 0 && now.Sub(since) >= after
}

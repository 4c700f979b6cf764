package updater

import "time"

// Schedule says when to look again.
type Schedule struct {
	failures int
}

// Next gives the wait after an update that failed or did not. Random is in [0, 1).
//
// After a failure the wait is short at first, doubles until it has reached the interval,
// and varies by a half, so that many machines do not come back together.
func (s *Schedule) Next(set Settings, failed bool, random float64) time.Duration {
	interval := time.Duration(set.Interval)
	if !failed {
		s.failures = 0
		return interval
	}
	wait := time.Duration(set.Retry)
	for range s.failures {
		if wait >= interval {
			break
		}
		wait *= 2
	}
	s.failures++
	wait = min(wait, interval)
	return wait - time.Duration(random*float64(wait)/2)
}

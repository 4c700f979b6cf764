// Package clock is the one clock of the suite's programs. It is that of the machine, unless
// CODEX_CLOCK says otherwise: with that, what depends on the day (names of session files,
// the date that a model is told, when a usage limit ends) can be replayed and tested on
// any day. Deadlines and durations are not its business.
//
// Ground layer: it imports the standard library only.
package clock

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Variable names the environment variable that sets the clock, see codex(1).
const Variable = "CODEX_CLOCK"

// New gives the clock that setting, the value of CODEX_CLOCK, stands for: "" is the
// machine's; a duration such as +24h or -90m is so far from that; a time such as
// 2026-01-02T15:04:05Z is the time now, from which it runs on.
func New(setting string) (func() time.Time, error) {
	if setting == "" {
		return time.Now, nil
	}
	if ahead, err := time.ParseDuration(setting); err == nil {
		return func() time.Time { return time.Now().Add(ahead) }, nil
	}
	at, err := time.Parse(time.RFC3339, setting)
	if err != nil {
		return nil, fmt.Errorf("%s=%q: neither a duration (+24h) nor a time (2026-01-02T15:04:05Z)", Variable, setting)
	}
	began := time.Now()
	return func() time.Time { return at.Add(time.Since(began)).Local() }, nil
}

// Without gives the variables (NAME=value) but for ours: the commands of a turn have the
// machine's clock, and the environment that they always have.
func Without(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, Variable+"=") })
}

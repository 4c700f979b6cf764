package rustlog

import (
	"fmt"
	"strings"
)

// filter is what RUST_LOG says: a level for all, and one for parts whose names begin so.
type filter []directive

type directive struct {
	target string // "" is all
	level  Level
}

// parse reads LEVEL, TARGET and TARGET=LEVEL, separated by commas. A target alone means all of
// it. What is said of spans ([name{field=value}]) holds for nothing here: there are none.
func parse(setting string) (filter, error) {
	var f filter
	for part := range strings.SplitSeq(setting, ",") {
		part = strings.TrimSpace(part)
		if part == "" || strings.Contains(part, "[") {
			continue
		}
		target, word, given := strings.Cut(part, "=")
		level, ok := levelOf(word)
		switch {
		case given && !ok:
			return nil, fmt.Errorf("%q is no level: off, error, warn, info, debug or trace", word)
		case !given:
			if level, ok = levelOf(target); ok {
				target = ""
			} else {
				level = Trace
			}
		}
		f = append(f, directive{target, level})
	}
	return f, nil
}

func levelOf(word string) (Level, bool) {
	for l := Off; l <= Trace; l++ {
		if strings.EqualFold(word, l.String()) || word == fmt.Sprint(int(l)) {
			return l, true
		}
	}
	return Off, false
}

// level is that of a target: what the longest name says that it begins with, and of two the
// later.
func (f filter) level(target string) Level {
	best, level := -1, Off
	for _, d := range f {
		if strings.HasPrefix(target, d.target) && len(d.target) >= best {
			best, level = len(d.target), d.level
		}
	}
	return level
}

// most is the highest level that anything has.
func (f filter) most() Level {
	most := Off
	for _, d := range f {
		most = max(most, d.level)
	}
	return most
}

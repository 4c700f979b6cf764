package config

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/ostext"
)

// fault is a value of the wrong type. path is what the message names, loc leads
// to the value itself (an index in a list is "#N").
type fault struct {
	path, loc []string
	msg       string
	// late faults are found only after all values of the table were read.
	late bool
}

func (f fault) text() string {
	if len(f.path) == 0 {
		return f.msg + "\n"
	}
	return f.msg + "\nin `" + strings.Join(f.path, ".") + "`\n"
}

// first picks the fault that a reader going through the settings in the order
// of order (the first place of each key) meets first.
func first(faults []fault, order func(path []string) int) fault {
	return slices.MinFunc(faults, func(x, y fault) int {
		for i := range min(len(x.loc), len(y.loc)) {
			if x.loc[i] != y.loc[i] {
				return order(x.loc[:i+1]) - order(y.loc[:i+1])
			}
		}
		// A table's own fault comes after those of what it holds.
		return len(y.loc) - len(x.loc)
	})
}

// describe names a value the way type errors do.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return "string " + ostext.Quote(v)
	case int64:
		return "integer `" + strconv.FormatInt(v, 10) + "`"
	case float64:
		return "floating point `" + floatText(v) + "`"
	case bool:
		return "boolean `" + strconv.FormatBool(v) + "`"
	case []any:
		return "sequence"
	}
	return "map"
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// alternatives lists the words that would have been right.
func alternatives(words []string) string {
	switch len(words) {
	case 0:
		return "nothing"
	case 1, 2:
		return "`" + strings.Join(words, "` or `") + "`"
	}
	return "one of `" + strings.Join(words, "`, `") + "`"
}

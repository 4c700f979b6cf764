package tools

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// withWall replaces the wall time of a report: a poll counts from its own start.
func withWall(o Output, d time.Duration) Output {
	const mark = "Wall time: "
	i := strings.Index(o.Text, mark)
	j := strings.Index(o.Text, " seconds\n")
	if i < 0 || j < i {
		return o
	}
	o.Text = o.Text[:i+len(mark)] + fmt.Sprintf("%.4f", d.Seconds()) + o.Text[j:]
	return o
}

// shortSeconds prints seconds with at most one decimal, 0 as "0" (tools spec, trap 5).
func shortSeconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Round(100*time.Millisecond))/float64(time.Second), 'f', -1, 64)
}

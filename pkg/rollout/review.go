package rollout

import (
	"fmt"
	"strings"
)

// ReviewFailed is what people are shown of a review without an answer.
const ReviewFailed = "Reviewer failed to output a response."

// Review is what a reviewer answers, as session files carry it.
type Review struct {
	Findings    []Finding `json:"findings"`
	Correctness string    `json:"overall_correctness"`
	Explanation string    `json:"overall_explanation"`
	Confidence  float64   `json:"overall_confidence_score"`
}

// Finding is one thing that is wrong.
type Finding struct {
	Title      string   `json:"title"`
	Body       string   `json:"body"`
	Confidence float64  `json:"confidence_score"`
	Priority   int32    `json:"priority"`
	Location   Location `json:"code_location"`
}

// Location is where.
type Location struct {
	File  string    `json:"absolute_file_path"`
	Lines LineRange `json:"line_range"`
}

// LineRange counts from 1, the end included.
type LineRange struct {
	Start uint32 `json:"start"`
	End   uint32 `json:"end"`
}

// String is the review as people read it, never empty.
func (o *Review) String() string {
	var parts []string
	if text := strings.TrimSpace(o.Explanation); text != "" {
		parts = append(parts, text)
	}
	switch len(o.Findings) {
	case 0:
	case 1:
		parts = append(parts, "Review comment:")
	default:
		parts = append(parts, "Full review comments:")
	}
	for _, f := range o.Findings {
		text := fmt.Sprintf("- %s — %s:%d-%d", f.Title, f.Location.File, f.Location.Lines.Start, f.Location.Lines.End)
		for line := range strings.Lines(f.Body) {
			text += "\n  " + strings.TrimRight(line, "\r\n")
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return ReviewFailed
	}
	return strings.Join(parts, "\n\n")
}

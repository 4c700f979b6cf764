package review

import (
	"encoding/json"
	"strings"

	"codex/pkg/rollout"
)

// Read reads the reviewer's last message: the whole of it as JSON, else its
// outermost object. Text that is neither is the explanation.
func Read(text string) *rollout.Review {
	if o := parse(text); o != nil {
		return o
	}
	from, to := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if from >= 0 && to > from {
		if o := parse(text[from : to+1]); o != nil {
			return o
		}
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return &rollout.Review{Findings: []rollout.Finding{}, Explanation: text}
}

// parse takes what has the form of a review. Scores and priorities may be missing:
// the user gets the findings all the same.
func parse(text string) *rollout.Review {
	var o struct {
		rollout.Review
		Findings *[]struct {
			rollout.Finding
			Title    *string `json:"title"`
			Location *struct {
				File  *string            `json:"absolute_file_path"`
				Lines *rollout.LineRange `json:"line_range"`
			} `json:"code_location"`
		} `json:"findings"`
	}
	if json.Unmarshal([]byte(text), &o) != nil || o.Findings == nil {
		return nil
	}
	out := &rollout.Review{Findings: []rollout.Finding{}, Correctness: o.Correctness, Explanation: o.Explanation, Confidence: o.Confidence}
	for _, f := range *o.Findings {
		if f.Title == nil || f.Location == nil || f.Location.File == nil || f.Location.Lines == nil {
			return nil
		}
		out.Findings = append(out.Findings, rollout.Finding{Title: *f.Title, Body: f.Body, Confidence: f.Confidence, Priority: f.Priority,
			Location: rollout.Location{File: *f.Location.File, Lines: *f.Location.Lines}})
	}
	return out
}

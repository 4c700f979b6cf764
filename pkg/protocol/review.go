package protocol

import (
	"encoding/json"
	"unicode/utf8"
)

// ReviewStartParams holds the params of review/start.
type ReviewStartParams struct {
	ThreadID string          `json:"threadId"`
	Target   ReviewTarget    `json:"target"`
	Delivery *ReviewDelivery `json:"delivery,omitempty"`
	// OutputSchema is of the reviewer's answer, as in turn/start; then nothing is made of
	// that answer. The original's protocol does not have it.
	OutputSchema json.RawMessage `json:"outputSchema,omitempty"`
}

// ReviewTarget is what to review. It is a tagged union.
type ReviewTarget struct {
	Type         string  `json:"type" schema:"union=uncommittedChanges|baseBranch|commit|custom"`
	Branch       string  `json:"branch" in:"baseBranch"`
	Sha          string  `json:"sha" in:"commit"`
	Title        *string `json:"title" in:"commit?"`
	Instructions string  `json:"instructions" in:"custom"`
}

// Variants of ReviewTarget.
const (
	ReviewTargetUncommittedChanges = "uncommittedChanges"
	ReviewTargetBaseBranch         = "baseBranch"
	ReviewTargetCommit             = "commit"
	ReviewTargetCustom             = "custom"
)

func (v ReviewTarget) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// Hint is the target in the words that people are shown.
func (v ReviewTarget) Hint() string {
	switch v.Type {
	case ReviewTargetUncommittedChanges:
		return "current changes"
	case ReviewTargetBaseBranch:
		return "changes against '" + v.Branch + "'"
	case ReviewTargetCommit:
		short := v.Sha
		if n := 7; len(short) > n && utf8.ValidString(short[:n]) {
			short = short[:n]
		}
		if v.Title != nil {
			return "commit " + short + ": " + *v.Title
		}
		return "commit " + short
	}
	return v.Instructions
}

// ReviewDelivery says where a review runs: in the thread, or in one of its own.
type ReviewDelivery string

// ReviewDeliveryDetached is the one word that code says.
const ReviewDeliveryDetached ReviewDelivery = "detached"

func (ReviewDelivery) Values() []string { return []string{"inline", "detached"} }

// ReviewStartResponse is the result of review/start.
type ReviewStartResponse struct {
	Turn           Turn   `json:"turn"`
	ReviewThreadID string `json:"reviewThreadId"`
}

package protocol

import (
	"encoding/json"
	"fmt"
)

// SandboxMode is the short form of a sandbox policy, as in config.toml and on command
// lines.
type SandboxMode string

// Words of SandboxMode.
const (
	SandboxModeReadOnly         SandboxMode = "read-only"
	SandboxModeWorkspaceWrite   SandboxMode = "workspace-write"
	SandboxModeDangerFullAccess SandboxMode = "danger-full-access"
)

func (SandboxMode) Values() []string {
	return []string{"read-only", "workspace-write", "danger-full-access"}
}

// ApprovalsReviewer says who answers approval requests.
type ApprovalsReviewer string

// ApprovalsReviewerUser is the one word that code says.
const ApprovalsReviewerUser ApprovalsReviewer = "user"

func (ApprovalsReviewer) Values() []string {
	return []string{"user", "auto_review", "guardian_subagent"}
}

// NetworkAccess says whether an external sandbox lets commands reach the network.
type NetworkAccess string

// Words of NetworkAccess.
const (
	NetworkAccessRestricted NetworkAccess = "restricted"
	NetworkAccessEnabled    NetworkAccess = "enabled"
)

func (NetworkAccess) Values() []string { return []string{"restricted", "enabled"} }

// ReasoningEffort says how much the model thinks.
type ReasoningEffort string

func (ReasoningEffort) Values() []string {
	return []string{"none", "minimal", "low", "medium", "high", "xhigh"}
}

// ReasoningSummary says how much of its thinking the model shows.
type ReasoningSummary string

func (ReasoningSummary) Values() []string { return []string{"auto", "concise", "detailed", "none"} }

// Personality is the tone of the model.
type Personality string

// Words of Personality.
const (
	PersonalityNone      Personality = "none"
	PersonalityFriendly  Personality = "friendly"
	PersonalityPragmatic Personality = "pragmatic"
)

func (Personality) Values() []string { return []string{"none", "friendly", "pragmatic"} }

// Verbosity says how long answers are.
type Verbosity string

func (Verbosity) Values() []string { return []string{"low", "medium", "high"} }

// WebSearchMode says whether the model may search the web.
type WebSearchMode string

// WebSearchModeDisabled is the one word that code says.
const WebSearchModeDisabled WebSearchMode = "disabled"

func (WebSearchMode) Values() []string { return []string{"disabled", "cached", "live"} }

// ModeKind is the kind of a collaboration mode.
type ModeKind string

// Words of ModeKind.
const (
	ModeKindPlan    ModeKind = "plan"
	ModeKindDefault ModeKind = "default"
)

func (ModeKind) Values() []string { return []string{"plan", "default"} }

// UnmarshalJSON reads a mode. Those that 0.133.0 knows besides plan are its default.
func (k *ModeKind) UnmarshalJSON(raw []byte) error {
	var word string
	if err := json.Unmarshal(raw, &word); err != nil {
		return err
	}
	switch *k = ModeKind(word); *k {
	case ModeKindPlan:
	case ModeKindDefault, "code", "custom", "execute", "pair_programming":
		*k = ModeKindDefault
	default:
		return fmt.Errorf("unknown variant `%.80s`, expected one of `plan`, `default`", word)
	}
	return nil
}

// CollaborationMode is a way of working together, with the settings that go with it.
type CollaborationMode struct {
	Mode     ModeKind `json:"mode"`
	Settings Settings `json:"settings"`
}

// Settings are the settings of a collaboration mode.
type Settings struct {
	Model                 string           `json:"model"`
	ReasoningEffort       *ReasoningEffort `json:"reasoning_effort"`
	DeveloperInstructions *string          `json:"developer_instructions"`
}

// Package hooks knows the hooks of a configuration: commands of the user that run at
// events of a turn. It reads them from hooks.json files, config.toml and requirements, and
// says which somebody has agreed to. It runs none.
//
// Ground layer; it imports config, foreign, jsonrpc and protocol.
package hooks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"codex/pkg/jsonrpc"
)

// Event is what a hook runs at, as files name it.
type Event string

// The events, in the order in which hooks of one file are listed.
const (
	PreToolUse        Event = "PreToolUse"
	PermissionRequest Event = "PermissionRequest"
	PostToolUse       Event = "PostToolUse"
	PreCompact        Event = "PreCompact"
	PostCompact       Event = "PostCompact"
	SessionStart      Event = "SessionStart"
	UserPromptSubmit  Event = "UserPromptSubmit"
	SubagentStart     Event = "SubagentStart"
	SubagentStop      Event = "SubagentStop"
	Stop              Event = "Stop"
)

func events() []Event {
	return []Event{PreToolUse, PermissionRequest, PostToolUse, PreCompact, PostCompact, SessionStart, UserPromptSubmit, SubagentStart, SubagentStop, Stop}
}

// Words is the event's name in lower case, its words joined by sep.
func (e Event) Words(sep string) string {
	var b strings.Builder
	for i, r := range string(e) {
		if r < 'a' && i > 0 {
			b.WriteString(sep)
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

// Camel is the event's name as the protocol has it.
func (e Event) Camel() string { return strings.ToLower(string(e[:1])) + string(e[1:]) }

// FromCamel is the event that Camel wrote.
func FromCamel(name string) Event {
	if name == "" {
		return ""
	}
	return Event(strings.ToUpper(name[:1]) + name[1:])
}

// matches says whether the event has something that a matcher can choose by.
func (e Event) matches() bool { return e != UserPromptSubmit && e != Stop }

// Trust says whether a hook may run.
type Trust string

// The states of trust, as the protocol has them.
const (
	Managed   Trust = "managed"   // an administrator's
	Trusted   Trust = "trusted"   // somebody agreed to exactly this hook
	Modified  Trust = "modified"  // somebody agreed to what it was
	Untrusted Trust = "untrusted" // nobody has decided
)

// Hook is one command at one event.
type Hook struct {
	Key     string // names it in hooks.state
	Event   Event
	Matcher *string
	Command string
	Timeout uint64 // seconds
	// StatusMessage is shown while it runs.
	StatusMessage *string
	SourcePath    string
	Source        string // the protocol's word for the layer
	Plugin        string // its id, "" when the hook is no plugin's
	PluginRoot    string
	PluginData    string
	Order         int
	Enabled       bool
	Trust         Trust
	Hash          string

	pattern *regexp.Regexp // of a matcher that is no list of names
}

// Runs says whether the hook may run.
func (h *Hook) Runs() bool {
	return h.Enabled && (h.Trust == Managed || h.Trust == Trusted)
}

// DefaultTimeout is how many seconds a hook may take.
const DefaultTimeout = 600

// hash identifies what somebody agrees to: it is the original's, so that trust holds in
// both.
func (h *Hook) hash() string {
	type handler struct {
		Async         bool    `json:"async"`
		Command       string  `json:"command"`
		StatusMessage *string `json:"statusMessage,omitempty"`
		Timeout       uint64  `json:"timeout"`
		Type          string  `json:"type"`
	}
	b, err := jsonrpc.Marshal(struct {
		Event   string    `json:"event_name"`
		Hooks   []handler `json:"hooks"`
		Matcher *string   `json:"matcher,omitempty"`
	}{h.Event.Words("_"), []handler{{false, h.Command, h.StatusMessage, h.Timeout, "command"}}, h.Matcher})
	if err != nil {
		panic(fmt.Sprintf("encode a hook: %v", err)) // strings and numbers only
	}
	sum := sha256.Sum256([]byte(unescape(b)))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// unescape writes the two line ends as themselves that Go's encoder escapes and the
// original's does not.
func unescape(b []byte) string {
	return strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(string(b))
}

// compile makes the matcher ready. The error is for people.
func (h *Hook) compile() error {
	if h.Matcher == nil || isList(*h.Matcher) {
		return nil
	}
	var err error
	h.pattern, err = regexp.Compile(*h.Matcher)
	return err
}

// isList says whether a matcher is names with bars between them, or all.
func isList(m string) bool {
	return m == "*" || !strings.ContainsFunc(m, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '|')
	})
}

// Matches says whether the hook is for one of these names, which are those of a tool, a
// source or a trigger.
func (h *Hook) Matches(names ...string) bool {
	switch {
	case h.Matcher == nil || *h.Matcher == "" || *h.Matcher == "*":
		return true
	case h.pattern != nil:
		return slices.ContainsFunc(names, h.pattern.MatchString)
	}
	return slices.ContainsFunc(strings.Split(*h.Matcher, "|"), func(w string) bool { return slices.Contains(names, w) })
}

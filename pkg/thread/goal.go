package thread

import (
	"encoding/json"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// GoalOf gives the goal of thread id that an event of a session file is about, nil for none; about
// tells whether the event is about one. A fork holds the events of the thread that it comes from,
// whose goal is not its own.
func GoalOf(event json.RawMessage, id string) (goal *protocol.ThreadGoal, about bool) {
	var e struct {
		Type string               `json:"type"`
		Goal *protocol.ThreadGoal `json:"goal"`
	}
	if json.Unmarshal(event, &e) != nil || e.Type != rollout.GoalUpdated && e.Type != rollout.GoalCleared {
		return nil, false
	}
	if e.Type == rollout.GoalUpdated && e.Goal != nil && e.Goal.Objective != "" && e.Goal.ThreadID == id {
		goal = e.Goal
	}
	return goal, true
}

// ReadGoal gives the goal of the session of thread id, nil when it has none.
func ReadGoal(path, id string) (goal *protocol.ThreadGoal, err error) {
	err = rollout.Backward(path, func(typ string, payload json.RawMessage) bool {
		if typ != rollout.TypeEvent {
			return true
		}
		found, about := GoalOf(payload, id)
		if about {
			goal = found
		}
		return !about
	})
	return goal, err
}

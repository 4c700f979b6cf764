package thread

import (
	"encoding/json"
	"math"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
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

// maxGoal bounds the line of an event about a goal.
const maxGoal = 1 << 20

// ReadGoal gives the goal of the session of thread id, nil when it has none.
func ReadGoal(path, id string) (goal *protocol.ThreadGoal, err error) {
	f, err := foreign.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var buf []byte
	err = lastMarked(f, &buf, `"thread_goal_`, math.MaxInt64, maxGoal, func(line []byte) bool {
		v := gjson.GetManyBytes(line, "type", "payload")
		found, about := GoalOf(json.RawMessage(v[1].Raw), id)
		if about = about && v[0].Str == rollout.TypeEvent; about {
			goal = found
		}
		return about
	})
	return goal, err
}

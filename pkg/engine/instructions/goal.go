package instructions

import (
	_ "embed" // the text
	"strconv"
	"strings"

	"codex/pkg/protocol"
)

//go:embed goal.md
var goalText string

// GoalMark begins the messages that have a thread go on with its goal.
const GoalMark = "<goal_context>"

// Goal is the message with which a turn for a goal begins.
func Goal(g *protocol.ThreadGoal) string {
	budget := "none"
	if g.TokenBudget != nil {
		budget = strconv.FormatInt(*g.TokenBudget, 10)
	}
	return GoalMark + "\n" + strings.NewReplacer("{{objective}}", strings.ReplaceAll(g.Objective, "</objective>", "</ objective>"),
		"{{used}}", strconv.FormatInt(g.TokensUsed, 10), "{{budget}}", budget).Replace(goalText) + "</goal_context>"
}

package thread

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// calls makes commands of what the model has called and of what it was answered, for a reader
// that goes backwards through a file. Most files keep no event of a command.
type calls struct {
	answers map[string]string // by the call's id; the call comes further on
	held    int               // bytes of these
	told    map[string]bool   // calls of which an event tells
}

const (
	// maxAnswer bounds what is kept of the output of a command.
	maxAnswer = 64 << 10
	// maxHeld bounds the output whose commands have not come: of more there is none.
	maxHeld = 64 << 20
)

// tell takes note of what an event tells about.
func (c *calls) tell(item protocol.ThreadItem) {
	switch item.(type) {
	case *protocol.CommandExecutionItem, *protocol.FileChangeItem:
		if c.told == nil {
			c.told = map[string]bool{}
		}
		c.told[item.ItemID()] = true
	}
}

// item is the command that an item of the conversation with the model begins, and how much it
// has to say; nil when it begins none.
func (c *calls) item(p gjson.Result) (item protocol.ThreadItem, size int) {
	id := keep(p.Get("call_id"))
	switch p.Get("type").Str {
	case "function_call_output":
		if c.answers == nil {
			c.answers = map[string]string{}
		}
		said := ""
		if c.held < maxHeld {
			said = answer(p.Get("output"))
		}
		c.held += len(said) - len(c.answers[id])
		c.answers[id] = said
	case "function_call":
		said, answered := c.answers[id]
		delete(c.answers, id)
		c.held -= len(said)
		if command := called(p.Get("name").Str, p.Get("arguments").Str); command != "" && !c.told[id] {
			return ran(id, command, said, answered), len(command) + len(said)
		}
	}
	return nil, 0
}

// called is the command line of a call, "" when it is one of another tool.
func called(tool, arguments string) string {
	switch tool {
	case "exec_command":
		return gjson.Get(arguments, "cmd").String()
	case "shell_command":
		return gjson.Get(arguments, "command").String()
	case "shell", "container.exec":
		return shellwords.Join(strs(gjson.Get(arguments, "command")))
	}
	return ""
}

// answer is the text of an answer, as much of it as is kept.
func answer(v gjson.Result) string {
	s := v.Str
	if v.IsArray() {
		s = texts(v.Get("#.text"))
	} else if strings.HasPrefix(s, "{") { // of older versions
		if o := gjson.Get(s, "output"); o.Type == gjson.String {
			s = "Exit code: " + gjson.Get(s, "metadata.exit_code").Raw + "\nOutput:\n" + o.Str
		}
	}
	if len(s) > maxAnswer {
		return strings.ToValidUTF8(s[:maxAnswer/2], "") + "\n…\n" + strings.ToValidUTF8(s[len(s)-maxAnswer/2:], "")
	}
	return s
}

// ran is a command of which the model was told so much.
func ran(id, command, said string, answered bool) *protocol.CommandExecutionItem {
	c := &protocol.CommandExecutionItem{Type: protocol.ItemCommandExecution, ID: id, Command: strings.Clone(command), Source: protocol.CommandExecutionSourceAgent,
		Status: protocol.CommandExecutionStatusFailed, CommandActions: protocol.List[protocol.CommandAction]{}}
	if !answered {
		return c
	}
	head, output, ok := "", "", false
	if output, ok = strings.CutPrefix(said, "Output:\n"); !ok {
		head, output, ok = strings.Cut(said, "\nOutput:\n")
	}
	if !ok {
		c.AggregatedOutput = &said
		return c
	}
	c.AggregatedOutput, c.Status = &output, protocol.CommandExecutionStatusCompleted
	for line := range strings.SplitSeq(head, "\n") {
		code, exited := strings.CutPrefix(line, "Process exited with code ")
		if !exited {
			code, exited = strings.CutPrefix(line, "Exit code: ")
		}
		if n, err := strconv.ParseInt(code, 10, 32); exited && err == nil {
			status := int32(n)
			if c.ExitCode = &status; status != 0 {
				c.Status = protocol.CommandExecutionStatusFailed
			}
		}
		if wall, ok := strings.CutPrefix(line, "Wall time: "); ok {
			if s, err := strconv.ParseFloat(strings.TrimSuffix(wall, " seconds"), 64); err == nil {
				c.DurationMs = new(int64(s * 1000))
			}
		}
	}
	return c
}

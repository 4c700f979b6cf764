package notify

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// maxPayload bounds the JSON argument of the notify program: Linux refuses a single
// argument of 128 KiB. The oldest input messages are left out first.
const maxPayload = 120 << 10

// Event is something that a person may want to hear of.
type Event struct {
	// Turn is the end of a turn. It is nil when an approval is asked for.
	Turn *Turn
	// Text is one line for a bell or a notification.
	Text string
}

// Turn is a turn that ended normally.
type Turn struct {
	ThreadID, TurnID, Cwd string
	Source                string   // of the thread: "exec", "cli", "vscode", "appServer"; "" when unknown
	Inputs                []string // text of every user message of the thread so far
	Last                  string   // last message of the assistant in this turn
	HasLast               bool
}

// Watcher follows the threads in a stream of lines. The zero value is ready.
type Watcher struct {
	threads map[string]*thread
}

type thread struct {
	cwd, source string
	inputs      []string
	size        int // bytes in inputs
	last        string
	hasLast     bool
	user        bool // this turn had a user message
	compaction  bool // or a compaction
	changes     []string
}

// See looks at one line and gives the event in it, if any.
func (w *Watcher) See(line []byte) (Event, bool) {
	method := gjson.GetBytes(head(line), "method").Str
	if strings.HasSuffix(strings.ToLower(method), "delta") || !jsonrpc.Valid(line) {
		return Event{}, false // the first are a flood, and nothing is looked for in them
	}
	switch method {
	case "":
		// The answer to thread/resume holds the turns before this process.
		if th := gjson.GetBytes(line, "result.thread"); th.Exists() {
			w.known(th)
		}
	case "thread/started":
		w.known(gjson.GetBytes(line, "params.thread"))
	case "thread/closed":
		delete(w.threads, gjson.GetBytes(line, "params.threadId").Str)
	case "thread/settings/updated":
		if cwd := gjson.GetBytes(line, "params.threadSettings.cwd"); cwd.Str != "" {
			w.thread(gjson.GetBytes(line, "params.threadId").Str).cwd = cwd.Str
		}
	case "turn/started":
		w.thread(gjson.GetBytes(line, "params.threadId").Str).begin()
	case "item/started":
		w.started(gjson.GetBytes(line, "params"))
	case "item/completed":
		w.completed(gjson.GetBytes(line, "params"))
	case "turn/completed":
		return w.ended(gjson.GetBytes(line, "params"))
	case "item/commandExecution/requestApproval":
		return Event{Text: "Approval requested: " + short(gjson.GetBytes(line, "params.command").Str, 30)}, true
	case "item/fileChange/requestApproval":
		return Event{Text: w.thread(gjson.GetBytes(line, "params.threadId").Str).edit()}, true
	case "item/permissions/requestApproval":
		return Event{Text: "Approval requested: permissions"}, true
	case "item/tool/requestUserInput":
		return Event{Text: "Question requested"}, true
	case "mcpServer/elicitation/request":
		return Event{Text: "Approval requested by " + short(gjson.GetBytes(line, "params.serverName").Str, 30)}, true
	}
	return Event{}, false
}

// head gives the part of a line in which the method is looked for. Writers put it first;
// a line without it there is searched whole.
func head(line []byte) []byte {
	if len(line) > 256 && bytes.HasPrefix(line, []byte(`{"method":"`)) {
		return line[:256]
	}
	return line
}

func (w *Watcher) thread(id string) *thread {
	if w.threads == nil {
		w.threads = map[string]*thread{}
	}
	th := w.threads[id]
	if th == nil {
		th = &thread{}
		w.threads[id] = th
	}
	return th
}

// known takes over what a Thread object says, with its earlier turns.
func (w *Watcher) known(v gjson.Result) {
	id := v.Get("id").Str
	if id == "" {
		return
	}
	th := w.thread(id)
	th.cwd, th.source = v.Get("cwd").Str, v.Get("source").Str
	turns := v.Get("turns").Array()
	if len(turns) == 0 {
		return
	}
	th.inputs, th.size = nil, 0
	for _, turn := range turns {
		for _, item := range turn.Get("items").Array() {
			if item.Get("type").Str == "userMessage" {
				th.input(item)
			}
		}
	}
}

func (th *thread) begin() {
	th.last, th.hasLast, th.user, th.compaction, th.changes = "", false, false, false, nil
}

// input remembers a user message, and forgets the oldest when all are over maxPayload.
func (th *thread) input(item gjson.Result) {
	var b strings.Builder
	for _, part := range item.Get("content").Array() {
		if part.Get("type").Str == "text" {
			b.WriteString(part.Get("text").String())
		}
	}
	th.inputs = append(th.inputs, b.String())
	th.size += b.Len()
	for th.size > maxPayload && len(th.inputs) > 1 {
		th.size -= len(th.inputs[0])
		th.inputs = th.inputs[1:]
	}
}

func (w *Watcher) started(params gjson.Result) {
	if item := params.Get("item"); item.Get("type").Str == "fileChange" {
		th := w.thread(params.Get("threadId").Str)
		th.changes = nil
		for _, c := range item.Get("changes").Array() {
			th.changes = append(th.changes, c.Get("path").Str)
		}
	}
}

func (w *Watcher) completed(params gjson.Result) {
	th := w.thread(params.Get("threadId").Str)
	switch item := params.Get("item"); item.Get("type").Str {
	case "userMessage":
		th.user = true
		th.input(item)
	case "agentMessage":
		th.last, th.hasLast = strings.Clone(item.Get("text").String()), true
	case "contextCompaction":
		th.compaction = true
	}
}

// ended makes the event of a turn that ended normally; an interrupted or failed turn and
// one that only compacted make none.
func (w *Watcher) ended(params gjson.Result) (Event, bool) {
	id := strings.Clone(params.Get("threadId").Str)
	th := w.thread(id)
	if params.Get("turn.status").Str != "completed" || th.compaction && !th.user {
		return Event{}, false
	}
	turn := &Turn{
		ThreadID: id, TurnID: strings.Clone(params.Get("turn.id").Str), Cwd: th.cwd, Source: th.source,
		Inputs: th.inputs, Last: th.last, HasLast: th.hasLast,
	}
	text := cmp.Or(short(th.last, 200), "Agent turn complete")
	return Event{Turn: turn, Text: text}, true
}

func (th *thread) edit() string {
	if len(th.changes) == 1 {
		return "Codex wants to edit " + th.changes[0]
	}
	return fmt.Sprintf("Codex wants to edit %d files", len(th.changes))
}

// short collapses white space and cuts after n characters.
func short(s string, n int) string {
	if len(s) > 16*n { // more than enough, and Fields need not walk megabytes
		s = strings.ToValidUTF8(s[:16*n], "")
	}
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > n {
		r = append(r[:n-1], '…')
	}
	return string(r)
}

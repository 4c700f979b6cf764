package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// renderer shows what the engine tells.
type renderer interface {
	// optOut lists the notifications that event makes nothing of.
	optOut() []string
	// begin opens the transcript, once.
	begin(*header)
	// event shows one notification of the thread.
	event(method string, params gjson.Result)
	// error shows an error that came in no notification.
	error(message string)
	// end says how the turn ended, answer what came of it.
	end(*outcome)
	answer(*outcome)
	// failed is the error of writing to stdout, if there was one.
	failed() error
	// close ends what goes on beside the rest.
	close()
}

// header is what a transcript opens with.
type header struct {
	thread, cwd, model, provider, approval string
	sandbox                                gjson.Result // SandboxPolicy
	custom                                 bool         // that is only the nearest one
	prompt                                 string
	shown                                  // as configured, "" when they are not
}

// maxWaiting bounds the notifications that are kept until the transcript begins: a few
// warnings come that early.
const maxWaiting = 1000

// largeLine is when a line is large.
const largeLine = 256 << 10

// errEnded is returned when the engine's lines stop before the turn has ended.
var errEnded = errors.New("the engine's output ended")

// shown are the settings that a transcript depends on and that the protocol has no place
// for. The engine adds them to its answer; of another engine, the frontend's own count.
type shown struct {
	effort, summary             string
	hideReasoning, rawReasoning bool
}

// talk is the conversation with one engine. Its goroutine reads the lines.
type talk struct {
	in     *jsonrpc.Reader
	conn   *jsonrpc.Conn
	show   renderer
	notice io.Writer // stderr, for what is wrong with the engine's lines
	own    shown
	large  func() // nil, once it was called too

	thread  string
	result  outcome
	waiting []note         // from before the transcript began
	running []gjson.Result // commands that have not ended
	over    *note          // the end of the turn, while they are ended
	begun   bool
}

// note is a notification.
type note struct {
	method string
	params gjson.Result
}

func newTalk(in io.Reader, out io.Writer, t talk) *talk {
	t.in = jsonrpc.NewReader(in, 0)
	t.conn = jsonrpc.NewConn(jsonrpc.NewWriter(out), jsonrpc.Options{
		FirstID: 1, Handle: t.take, Bad: t.bad, Lost: func(error) error { return errEnded },
	})
	return &t
}

// ignore is for answers that nobody waits for.
func ignore(json.RawMessage, error) error { return nil }

// hello opens the conversation. The answer is not waited for: the engine takes requests
// in order.
func (t *talk) hello(optOut []string) error {
	_, err := t.conn.Start(protocol.MethodInitialize, protocol.InitializeParams{
		ClientInfo:   protocol.ClientInfo{Name: "codex_exec", Version: version.Compat},
		Capabilities: &protocol.InitializeCapabilities{OptOutNotificationMethods: optOut, CodexTurn: true},
	}, ignore)
	if err == nil {
		err = t.conn.Notify(protocol.NoteInitialized, nil)
	}
	return err
}

// open starts or resumes the thread and opens the transcript with what the engine says
// about it.
func (t *talk) open(method string, params any, prompt string) error {
	r, err := t.call(method, params)
	if err != nil {
		return rulesError(err)
	}
	h := &header{
		thread: r.Get("thread.id").Str, cwd: r.Get("cwd").Str, model: r.Get("model").Str,
		provider: r.Get("modelProvider").Str, sandbox: r.Get("sandbox"), prompt: prompt, shown: t.own,
	}
	if ours := r.Get("codexTurn"); ours.Exists() {
		h.shown = shown{ours.Get("reasoningEffort").Str, ours.Get("reasoningSummary").Str,
			ours.Get("hideAgentReasoning").Bool(), ours.Get("showRawAgentReasoning").Bool()}
		h.custom = ours.Get("customPermissions").Bool()
	}
	if h.approval = r.Get("approvalPolicy").Str; h.approval == "" {
		h.approval = r.Get("approvalPolicy").Raw
	}
	t.thread = h.thread
	t.show.begin(h)
	t.begun = true
	for _, n := range t.waiting {
		t.render(n)
	}
	t.waiting = nil
	return nil
}

// rulesError gives an error about rules files the words of the original, which reads
// them before there is a thread.
func rulesError(err error) error {
	if r, ok := errors.AsType[*jsonrpc.Error](err); ok {
		if text, ok := strings.CutPrefix(r.Message, "failed to load rules: "); ok {
			return complaint("Error loading rules:\n" + text)
		}
	}
	return err
}

// textInput and imageInput are the two kinds of UserInput that a prompt has.
type textInput struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type imageInput struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

type turnParams struct {
	ThreadID     string          `json:"threadId"`
	Input        []any           `json:"input"`
	OutputSchema json.RawMessage `json:"outputSchema,omitempty"`
}

// turn starts the turn and gives its id.
func (t *talk) turn(images []string, prompt string, schema json.RawMessage) (string, error) {
	p := turnParams{ThreadID: t.thread, OutputSchema: schema}
	for _, path := range images {
		p.Input = append(p.Input, imageInput{"localImage", path})
	}
	p.Input = append(p.Input, textInput{"text", prompt})
	return t.begin(protocol.MethodTurnStart, p)
}

// review starts a review and gives the id of its turn.
func (t *talk) review(target protocol.ReviewTarget, schema json.RawMessage) (string, error) {
	return t.begin(protocol.MethodReviewStart, protocol.ReviewStartParams{ThreadID: t.thread, Target: target, OutputSchema: schema})
}

// begin sends the request that starts a turn, and gives the turn's id.
func (t *talk) begin(method string, params any) (string, error) {
	r, err := t.call(method, params)
	return r.Get("turn.id").Str, err
}

// interrupt asks the engine to end the turn; an empty id means the one that is starting.
func (t *talk) interrupt(thread, turn string) error {
	_, err := t.conn.Start(protocol.MethodTurnInterrupt, protocol.TurnInterruptParams{ThreadID: thread, TurnID: turn}, ignore)
	return err
}

// call sends a request and reads lines up to its answer.
func (t *talk) call(method string, params any) (result gjson.Result, err error) {
	c, err := t.conn.Start(method, params, func(raw json.RawMessage, err error) error {
		result = gjson.Parse(string(raw))
		return err
	})
	for err == nil {
		select {
		case <-c.Done():
			return result, c.Wait(context.Background())
		default:
			err = t.step()
		}
	}
	return result, err
}

// follow reads lines until the turn has ended. hurry is called once when nothing can be
// shown any more.
func (t *talk) follow(hurry func()) error {
	for t.result.status == "" {
		if err := t.step(); err != nil {
			if t.over == nil {
				return err
			}
			t.abandon()
		}
		if hurry != nil && t.show.failed() != nil {
			hurry()
			hurry = nil
		}
	}
	return nil
}

// step takes one line of the engine.
func (t *talk) step() error {
	line, err := t.in.ReadLine()
	switch {
	case err == nil:
		return t.conn.Line(line)
	case errors.Is(err, jsonrpc.ErrTooLong):
		return t.bad(nil, err)
	}
	return errEnded
}

// bad reports a line that is no message, and passes over it.
func (t *talk) bad(line []byte, _ error) error {
	if line == nil {
		fmt.Fprintln(t.notice, "codex-exec: passed over a line of the engine that is too long")
	} else {
		fmt.Fprintf(t.notice, "codex-exec: passed over a line of the engine that is no message: %.80q\n", line)
	}
	return nil
}

// take handles a message that is not an answer. Requests of the engine are refused:
// nobody is there to decide.
func (t *talk) take(r *jsonrpc.Request) error {
	if len(r.Params) > largeLine && t.large != nil {
		t.large()
		t.large = nil
	}
	switch {
	case r.Kind == jsonrpc.KindRequest && r.Method == protocol.AskElicitation:
		_ = r.Reply(map[string]string{"action": "cancel"}, nil) // a lost engine is seen when reading
	case r.Kind == jsonrpc.KindRequest:
		_ = r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeRefused, "%s is not supported in exec mode for thread %s",
			r.Method, gjson.GetBytes(r.Params, "threadId").Str))
	case t.begun:
		t.render(note{r.Method, gjson.ParseBytes(r.Params)})
	case len(t.waiting) < maxWaiting:
		t.waiting = append(t.waiting, note{r.Method, gjson.ParseBytes(r.Params)})
	}
	return nil
}

// render shows a notification. Those of other threads, such as agents that the thread has
// started, are not the turn's.
func (t *talk) render(n note) {
	if id := n.params.Get("threadId"); id.Exists() && id.Type != gjson.Null && id.Str != t.thread || t.result.status != "" {
		return
	}
	if t.over != nil {
		t.after(n)
		return
	}
	switch n.method {
	case protocol.NoteItemStarted:
		if item := n.params.Get("item"); item.Get("type").Str == "commandExecution" {
			t.running = append(t.running, item)
		}
	case protocol.NoteItemCompleted:
		t.ended(n.params.Get("item.id").Str)
	case protocol.NoteTurnCompleted:
		if len(t.running) > 0 {
			t.over = &n
			t.end()
			return
		}
	}
	t.tell(n)
}

// ended takes an item from the commands that run, and says whether it was one of them.
func (t *talk) ended(id string) bool {
	before := len(t.running)
	t.running = slices.DeleteFunc(t.running, func(r gjson.Result) bool { return r.Get("id").Str == id })
	return len(t.running) < before
}

// after takes what comes behind the end of the turn: of it only the ends of commands that the
// turn has left running are the turn's.
func (t *talk) after(n note) {
	if item := n.params.Get("item"); n.method == protocol.NoteItemCompleted && t.ended(item.Get("id").Str) {
		t.left(item)
	}
}

func (t *talk) tell(n note) {
	t.result.observe(n.method, n.params)
	t.show.event(n.method, n.params)
}

// end has the engine end the commands that the turn leaves running: they would go with
// it, and nobody would hear what they have written. The engine's answer comes after
// their ends; the end of the turn waits for it.
func (t *talk) end() {
	_, err := t.conn.Start(protocol.MethodThreadBackgroundTerminalsClean,
		protocol.ThreadBackgroundTerminalsCleanParams{ThreadID: t.thread}, func(json.RawMessage, error) error {
			t.abandon()
			return nil
		})
	if err != nil { // nobody is there to end them
		t.abandon()
	}
}

// abandon is the end of the turn, and of commands whose end did not come.
func (t *talk) abandon() {
	for _, item := range t.running {
		t.left(item)
	}
	over := *t.over
	t.running, t.over = nil, nil
	t.tell(over)
}

// left is the end of a command that the turn has left running: it failed, and how it
// would have ended is not known.
func (t *talk) left(item gjson.Result) {
	end := `{"item":{"status":"failed","exitCode":null,"durationMs":null,` + strings.TrimPrefix(item.Raw, "{") + `}` // the first of a name counts
	t.tell(note{protocol.NoteItemCompleted, gjson.Parse(end)})
}

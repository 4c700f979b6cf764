package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// Ids of the requests that are sent; one engine gets each once.
const (
	idInitialize = iota + 1
	idThread
	idTurn
	idInterrupt
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

// errEnded is returned when the engine's lines stop before the turn has ended.
var errEnded = errors.New("the engine's output ended")

// refusal is an error answer of the engine.
type refusal struct{ err gjson.Result }

func (r *refusal) Error() string { return r.err.Get("message").Str }

// shown are the settings that a transcript depends on and that the protocol has no place
// for. The engine adds them to its answer; of another engine, the frontend's own count.
type shown struct {
	effort, summary             string
	hideReasoning, rawReasoning bool
}

// talk is the conversation with one engine.
type talk struct {
	in     *jsonrpc.Reader
	out    *jsonrpc.Writer
	show   renderer
	notice io.Writer // stderr, for what is wrong with the engine's lines
	own    shown

	thread  string
	result  outcome
	waiting []string // notifications from before the transcript began
	begun   bool
}

// hello opens the conversation. The answer is not waited for: the engine takes requests
// in order.
func (t *talk) hello(optOut []string) error {
	err := t.out.Request(idInitialize, protocol.MethodInitialize, protocol.InitializeParams{
		ClientInfo:   protocol.ClientInfo{Name: "codex_exec", Version: version.Compat},
		Capabilities: &protocol.InitializeCapabilities{OptOutNotificationMethods: optOut},
	})
	if err == nil {
		err = t.out.Notify(protocol.NoteInitialized, nil)
	}
	return lost(err)
}

// lost makes the error of a write that the engine did not take.
func lost(err error) error {
	if err != nil {
		return errEnded
	}
	return nil
}

// open starts or resumes the thread and opens the transcript with what the engine says
// about it.
func (t *talk) open(method string, params any, prompt string) error {
	if err := t.out.Request(idThread, method, params); err != nil {
		return errEnded
	}
	r, err := t.await(idThread)
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
	for _, line := range t.waiting {
		m := gjson.Parse(line)
		t.note(m.Get("method").Str, m.Get("params"))
	}
	t.waiting = nil
	return nil
}

// rulesError gives an error about rules files the words of the original, which reads
// them before there is a thread.
func rulesError(err error) error {
	var r *refusal
	if errors.As(err, &r) {
		if text, ok := strings.CutPrefix(r.err.Get("message").Str, "failed to load rules: "); ok {
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
func (t *talk) review(target protocol.ReviewTarget) (string, error) {
	return t.begin(protocol.MethodReviewStart, protocol.ReviewStartParams{ThreadID: t.thread, Target: target})
}

// begin sends the request that starts a turn.
func (t *talk) begin(method string, params any) (string, error) {
	if err := t.out.Request(idTurn, method, params); err != nil {
		return "", errEnded
	}
	r, err := t.await(idTurn)
	if err != nil {
		return "", err
	}
	return r.Get("turn.id").Str, nil
}

// interrupt asks the engine to end the turn; an empty id means the one that is starting.
func (t *talk) interrupt(thread, turn string) error {
	return t.out.Request(idInterrupt, protocol.MethodTurnInterrupt, protocol.TurnInterruptParams{ThreadID: thread, TurnID: turn})
}

// await reads lines up to the answer to a request.
func (t *talk) await(id int64) (gjson.Result, error) {
	for {
		m, err := t.read()
		if err != nil {
			return m, err
		}
		if m.Get("method").Exists() || m.Get("id").Int() != id {
			t.take(m)
			continue
		}
		if e := m.Get("error"); e.Exists() {
			return m, &refusal{e}
		}
		return m.Get("result"), nil
	}
}

// follow reads lines until the turn has ended. hurry is called once when nothing can be
// shown any more.
func (t *talk) follow(hurry func()) error {
	for t.result.status == "" {
		m, err := t.read()
		if err != nil {
			return err
		}
		t.take(m)
		if hurry != nil && t.show.failed() != nil {
			hurry()
			hurry = nil
		}
	}
	return nil
}

// read gives the next line that is a message. A broken one is reported and passed over.
func (t *talk) read() (gjson.Result, error) {
	for {
		line, err := t.in.ReadLine()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			fmt.Fprintln(t.notice, "codex-exec: passed over a line of the engine that is too long")
		case err != nil:
			return gjson.Result{}, errEnded
		case len(line) == 0:
		case !gjson.ValidBytes(line):
			fmt.Fprintf(t.notice, "codex-exec: passed over a line of the engine that is not JSON: %.80q\n", line)
		default:
			return gjson.ParseBytes(line), nil
		}
	}
}

// take handles a message that is not an answer that somebody waits for.
func (t *talk) take(m gjson.Result) {
	method := m.Get("method").Str
	switch id := m.Get("id"); {
	case method == "":
	case id.Exists() && id.Type != gjson.Null:
		t.refuse(json.RawMessage(id.Raw), method, m.Get("params"))
	case !t.begun:
		if len(t.waiting) < maxWaiting {
			t.waiting = append(t.waiting, m.Raw)
		}
	default:
		t.note(method, m.Get("params"))
	}
}

// note shows a notification. Those of other threads, such as agents that the thread has
// started, are not the turn's.
func (t *talk) note(method string, p gjson.Result) {
	if id := p.Get("threadId"); id.Exists() && id.Type != gjson.Null && id.Str != t.thread || t.result.status != "" {
		return
	}
	t.result.observe(method, p)
	t.show.event(method, p)
}

// refuse answers a request of the engine: nobody is there to decide.
func (t *talk) refuse(id json.RawMessage, method string, p gjson.Result) {
	if method == protocol.AskElicitation {
		_ = t.out.Respond(id, map[string]string{"action": "cancel"})
		return
	}
	_ = t.out.Fail(id, jsonrpc.Errorf(jsonrpc.CodeRefused, "%s is not supported in exec mode for thread %s", method, p.Get("threadId").Str))
}

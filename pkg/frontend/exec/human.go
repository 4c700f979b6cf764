package exec

import (
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/protocol"
)

// human renders for people: everything on stderr, the answer alone on stdout. What cannot be written to stderr is lost, as nobody looks.
type human struct {
	out, err  io.Writer
	colour    bool
	stream    bool   // pieces of messages too
	terminals bool   // both streams are: the answer is on the screen already
	memories  string // folder that sandboxes let write to in any case
	hide, raw bool   // reasoning
	buf       []byte
	shown     *string // the last message that was shown
	outErr    error
	streaming string // id of the message that is being shown
	streamed  int    // bytes of it
	middle    bool   // the cursor stands within a line
}

// SGR codes.
const (
	bold    = "1"
	dim     = "2"
	italic  = "3"
	red     = "31"
	green   = "32"
	yellow  = "33"
	magenta = "35"
	cyan    = "36"
)

func (h *human) failed() error { return h.outErr }

func (h *human) optOut() []string { return quiet(h.stream) }

// style puts codes around s, the outer first.
func (h *human) style(s string, codes ...string) string {
	if !h.colour {
		return s
	}
	for i := len(codes) - 1; i >= 0; i-- {
		s = "\x1b[" + codes[i] + "m" + s + "\x1b[0m"
	}
	return s
}

// println writes its arguments as one line with one write.
func (h *human) println(parts ...string) {
	b := h.buf[:0]
	if h.middle {
		b = append(b, '\n')
		h.middle = false
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	b = append(b, '\n')
	h.err.Write(b)
	if h.buf = b; cap(b) > 1<<20 {
		h.buf = nil
	}
}

func (h *human) begin(head *header) {
	h.hide, h.raw = head.hideReasoning, head.rawReasoning
	var b strings.Builder
	b.WriteString("OpenAI Codex v" + version.Compat + "\n--------\n")
	for _, row := range [][2]string{
		{"workdir", head.cwd}, {"model", head.model}, {"provider", head.provider},
		{"approval", head.approval}, {"sandbox", sandboxLabel(head.sandbox, h.memories, head.custom)},
		{"reasoning effort", orNone(head.effort)}, {"reasoning summaries", orNone(head.summary)},
		{"session id", head.thread},
	} {
		b.WriteString(h.style(row[0]+":", bold) + " " + row[1] + "\n")
	}
	b.WriteString("--------\n" + h.style("user", cyan) + "\n" + head.prompt)
	h.println(b.String())
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// sandboxLabel says in one line what a SandboxPolicy allows. Writing to memories, which
// is always allowed, goes without saying.
func sandboxLabel(p gjson.Result, memories string, custom bool) string {
	label := ""
	switch p.Get("type").Str {
	case "dangerFullAccess":
		return "danger-full-access"
	case "readOnly":
		label = "read-only"
	case "externalSandbox":
		label = "external-sandbox"
	case "workspaceWrite":
		roots := []string{"workdir"}
		if !p.Get("excludeSlashTmp").Bool() {
			roots = append(roots, "/tmp")
		}
		if !p.Get("excludeTmpdirEnvVar").Bool() {
			roots = append(roots, "$TMPDIR")
		}
		for _, r := range p.Get("writableRoots").Array() {
			if r.Str != memories {
				roots = append(roots, r.Str)
			}
		}
		if label = "workspace-write [" + strings.Join(roots, ", ") + "]"; custom {
			label = "custom permissions"
		}
	default:
		label = p.Get("type").Str
	}
	if n := p.Get("networkAccess"); n.Type == gjson.True || n.Str == "enabled" {
		label += " (network access enabled)"
	}
	return label
}

func (h *human) event(method string, p gjson.Result) {
	switch method {
	case protocol.NoteItemStarted:
		h.started(p.Get("item"))
	case protocol.NoteItemCompleted:
		h.completed(p.Get("item"))
	case protocol.NoteTurnPlanUpdated:
		h.plan(p)
	case protocol.NoteTurnDiffUpdated:
		if diff := p.Get("diff").Str; strings.TrimSpace(diff) != "" {
			h.println(diff)
		}
	case protocol.NoteError:
		h.error(p.Get("error.message").Str)
	case protocol.NoteConfigWarning:
		h.notice("warning:", p)
	case protocol.NoteDeprecationNotice:
		h.notice("deprecated:", p)
	case protocol.NoteModelRerouted:
		h.println(h.style("model rerouted:", bold, yellow), " ", p.Get("fromModel").Str, " -> ", p.Get("toModel").Str)
	case protocol.NoteHookStarted:
		h.println(h.style("hook:", bold), " ", h.style(pascal(p.Get("run.eventName").Str), dim))
	case protocol.NoteHookCompleted:
		h.println(h.style("hook:", bold), " ", h.style(pascal(p.Get("run.eventName").Str), dim), " ", pascal(p.Get("run.status").Str))
	case protocol.NoteItemAgentMessageDelta:
		if h.stream {
			h.delta(p)
		}
	}
}

func (h *human) notice(word string, p gjson.Result) {
	s := h.style(word, bold, yellow) + " " + p.Get("summary").Str
	if d := p.Get("details").Str; d != "" {
		s += "\n" + h.style(d, dim)
	}
	h.println(s)
}

func (h *human) error(message string) {
	h.println(h.style("ERROR:", bold, red), " ", message)
}

func (h *human) plan(p gjson.Result) {
	var lines []string
	if why := p.Get("explanation").Str; strings.TrimSpace(why) != "" {
		lines = append(lines, h.style(why, italic))
	}
	for _, step := range p.Get("plan").Array() {
		text := step.Get("step").Str
		switch step.Get("status").Str {
		case "completed":
			lines = append(lines, "  "+h.style("✓", green)+" "+text)
		case "inProgress":
			lines = append(lines, "  "+h.style("→", cyan)+" "+text)
		default:
			lines = append(lines, "  "+h.style("•", dim)+" "+h.style(text, dim))
		}
	}
	if len(lines) > 0 {
		h.println(strings.Join(lines, "\n"))
	}
}

// end says how the turn ended and what it used.
func (h *human) end(o *outcome) {
	switch o.status {
	case protocol.TurnStatusFailed:
		h.error(o.err)
	case protocol.TurnStatusInterrupted:
		h.println(h.style("turn interrupted", dim))
	}
}

// answer writes what the turn used, and the answer to stdout.
func (h *human) answer(o *outcome) {
	if o.usage != nil {
		h.println(h.style("tokens used", dim), "\n", grouped(o.usage.input-o.usage.cached+o.usage.output))
	}
	message := o.answer()
	if o.status != protocol.TurnStatusCompleted || message == nil {
		return
	}
	if !h.terminals {
		_, h.outErr = io.WriteString(h.out, *message+"\n")
	} else if h.shown == nil || *h.shown != *message {
		h.println(h.style("codex", magenta, italic), "\n", *message)
	}
}

// grouped writes n with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

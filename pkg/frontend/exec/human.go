package exec

import (
	"cmp"
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/protocol"
	"codex/pkg/termtext"
)

// human renders for people: everything on stderr, the answer alone on stdout. What cannot
// be written to stderr is lost, as nobody looks.
type human struct {
	out, err       io.Writer
	outTTY, errTTY bool
	pulse          *pulse     // that err is, when it is a terminal that can move its cursor
	columns        func() int // of the terminal that err is
	colour         bool
	stream         bool   // pieces of messages too
	memories       string // folder that sandboxes let write to in any case
	hide, raw      bool   // reasoning
	buf            []byte
	shown          *string // the last message that was shown
	failure        string  // the last error that was
	outErr         error
	streaming      string // id of the message that is being shown
	streamed       int    // bytes of it
	middle         bool   // the cursor stands within a line
	changes        changes
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

func (h *human) close() {
	if h.pulse != nil {
		h.pulse.close()
	}
}

// style puts codes around s, the outer first.
func (h *human) style(s string, codes ...string) string {
	if !h.colour {
		return s
	}
	return styled(s, codes...)
}

// text is what strangers wrote, as it may be shown.
func (h *human) text(s string) string {
	if !h.errTTY {
		return s
	}
	return termtext.Visible(s)
}

// line is text that must stay in its line, such as the name of a file.
func (h *human) line(s string) string {
	if !h.errTTY {
		return s
	}
	return termtext.Line(s)
}

// marked is text of a model, with its marks coloured and its lines broken.
func (h *human) marked(s string) string {
	s = h.text(s)
	if h.colour {
		s = markdown(s)
	}
	if h.errTTY {
		s = wrapped(s, h.columns())
	}
	return s
}

// width is how many columns a line may have that is cut to fit.
func (h *human) width() int {
	if h.errTTY {
		if n := h.columns(); n > 0 {
			return n
		}
	}
	return 100
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
	h.changes.fresh = false
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
		b.WriteString(h.style(row[0]+":", bold) + " " + h.line(row[1]) + "\n")
	}
	b.WriteString("--------\n" + h.style("user", cyan) + "\n" + h.text(shortened(head.prompt)))
	h.println(b.String())
}

func orNone(s string) string {
	return cmp.Or(s, "none")
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
		h.diff(h.changes.update(p.Get("diff").Str))
	case protocol.NoteError:
		h.error(p.Get("error.message").Str)
	case protocol.NoteToolCallFailed:
		h.println(h.style(h.line(p.Get("tool").Str), bold), h.style(" failed:", red), " ", h.line(firstLine(p.Get("message").Str)))
	case protocol.NoteConfigWarning:
		h.notice("warning:", p)
	case protocol.NoteDeprecationNotice:
		h.notice("deprecated:", p)
	case protocol.NoteModelRerouted:
		h.println(h.style("model rerouted:", bold, yellow), " ", h.line(p.Get("fromModel").Str), " -> ", h.line(p.Get("toModel").Str))
	case protocol.NoteHookStarted:
		h.println(h.style("hook:", bold), " ", h.style(h.line(pascal(p.Get("run.eventName").Str)), dim))
	case protocol.NoteHookCompleted:
		h.println(h.style("hook:", bold), " ", h.style(h.line(pascal(p.Get("run.eventName").Str)), dim), " ", h.line(pascal(p.Get("run.status").Str)))
		for _, text := range hookWords(p) {
			h.println("  ", h.line(text))
		}
	case protocol.NoteItemAgentMessageDelta:
		if h.stream {
			h.delta(p)
		}
	}
}

// diff shows a diff, if there is any.
func (h *human) diff(diff string) {
	if strings.TrimSpace(diff) == "" {
		return
	}
	if diff = h.text(diff); h.colour {
		diff = colourDiff(diff)
	}
	h.println(diff)
	h.changes.fresh = true
}

func (h *human) notice(word string, p gjson.Result) {
	s := h.style(word, bold, yellow) + " " + h.text(p.Get("summary").Str)
	if d := p.Get("details").Str; d != "" {
		s += "\n" + h.style(h.text(d), dim)
	}
	h.println(s)
}

// error shows an error, once: how a turn failed is mostly the last one that came.
func (h *human) error(message string) {
	if message == h.failure {
		return
	}
	h.failure = message
	h.println(h.style("ERROR:", bold, red), " ", h.text(message))
}

func (h *human) plan(p gjson.Result) {
	var lines []string
	if why := p.Get("explanation").Str; strings.TrimSpace(why) != "" {
		lines = append(lines, h.style(h.text(why), italic))
	}
	for _, step := range p.Get("plan").Array() {
		text := h.line(step.Get("step").Str)
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

// end says how the turn ended, and what it changed in all unless that was shown last.
func (h *human) end(o *outcome) {
	if !h.changes.fresh {
		h.diff(h.changes.diff)
	}
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
	switch {
	case h.outTTY && h.errTTY: // it is on the screen already
		if h.shown == nil || *h.shown != *message {
			h.println(h.style("codex", magenta, italic), "\n", h.marked(*message))
		}
	case h.outTTY:
		_, h.outErr = io.WriteString(h.out, termtext.Visible(*message)+"\n")
	default:
		_, h.outErr = io.WriteString(h.out, *message+"\n")
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

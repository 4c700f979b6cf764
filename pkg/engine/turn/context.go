package turn

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"codex/pkg/engine/instructions"
	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/foreign"
	"codex/pkg/models"
	"codex/pkg/ostext"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// turnContext is the line that records what a turn runs under.
func (t *liveThread) turnContext(turnID string) *rollout.TurnContext {
	s := &t.set
	c := &rollout.TurnContext{TurnID: turnID, Cwd: s.cwd, CurrentDate: t.now().Format("2006-01-02"), Timezone: t.opts.Timezone,
		ApprovalPolicy: approvalJSON(s.approval), SandboxPolicy: s.legacy(), Model: s.slug, Personality: s.personality(),
		CollaborationMode: rollout.Collaboration{Mode: string(s.collab.kind()),
			Settings: rollout.CollaborationSettings{Model: s.slug, DeveloperInstructions: s.collab.text, ReasoningEffort: protocol.Optional(s.effort)}},
		Effort: s.effort, Summary: cmp.Or(s.summary, "auto")}
	recorded := s.permits.placed
	recorded.Proxy = nil // it is beside the profile in the original
	if b, err := json.Marshal(recorded); err == nil {
		c.PermissionProfile = b
	}
	return c
}

func (s *settings) personality() string {
	return cmp.Or(s.person, "pragmatic")
}

func (t *liveThread) permissions() string {
	s := &t.set
	return instructions.Permissions{Sandbox: s.mode(), Network: s.permits.nearest.Network, Approval: thread.ApprovalWord(s.approval),
		Writable: s.permits.text, Hidden: s.permits.hidden(), Listed: !s.permits.placed.ReadsAll()}.String()
}

// recordContext notes what a turn runs under, by the real name of its folder: a link may
// lead elsewhere another day.
func (t *liveThread) recordContext(c *rollout.TurnContext) {
	recorded := *c
	recorded.Cwd = thread.RealDir(c.Cwd)
	t.record(rollout.Entry{Type: rollout.TypeTurnContext, Payload: &recorded})
}

// initialContext gives the messages before a thread's first prompt.
func (t *liveThread) initialContext(c *rollout.TurnContext) []json.RawMessage {
	var dev, user []string
	if t.previousModel != "" && t.previousModel != c.Model {
		dev = append(dev, t.modelSwitch())
	}
	if t.cfg.IncludePermissions {
		dev = append(dev, t.permissions())
	}
	if t.cfg.DeveloperInstructions != "" {
		dev = append(dev, t.cfg.DeveloperInstructions)
	}
	if text := protocol.Value(t.set.collab.text); text != "" {
		dev = append(dev, instructions.CollaborationMode(text))
	}
	if list := t.skillList(); list != "" {
		dev = append(dev, list)
	}
	if text := t.memories(); text != "" {
		dev = append(dev, text)
	}
	if t.agents.Text != "" {
		user = append(user, instructions.AgentsPart(c.Cwd, t.agents.Text))
	}
	if t.cfg.IncludeEnvironmentContext {
		user = append(user, instructions.Environment{Cwd: c.Cwd, Shell: t.tools.Shell.Name(), Date: c.CurrentDate, Timezone: c.Timezone}.String())
	}
	var out []json.RawMessage
	if len(dev) > 0 {
		out = append(out, item.Message("developer", dev...))
	}
	if len(user) > 0 {
		out = append(out, item.Message("user", user...))
	}
	return out
}

func (t *liveThread) modelSwitch() string {
	return instructions.ModelSwitch(baseInstructions(t.cfg, t.set.model, t.set.person))
}

// contextDiff gives the messages that tell what changed since the last turn.
func (t *liveThread) contextDiff(old, c *rollout.TurnContext) []json.RawMessage {
	var dev []string
	if old.Model != c.Model {
		dev = append(dev, t.modelSwitch())
	}
	if t.cfg.IncludePermissions && (!bytes.Equal(item.Minify(old.ApprovalPolicy), item.Minify(c.ApprovalPolicy)) || !samePolicy(old.SandboxPolicy, c.SandboxPolicy)) {
		dev = append(dev, t.permissions())
	}
	if m := c.CollaborationMode; protocol.Value(m.Settings.DeveloperInstructions) != "" && (m.Mode != old.CollaborationMode.Mode ||
		protocol.Value(m.Settings.DeveloperInstructions) != protocol.Value(old.CollaborationMode.Settings.DeveloperInstructions)) {
		dev = append(dev, instructions.CollaborationMode(*m.Settings.DeveloperInstructions))
	}
	if old.Personality != "" && old.Personality != c.Personality && old.Model == c.Model {
		if text := models.Personality(c.Personality); text != "" {
			dev = append(dev, instructions.PersonalitySpec(text))
		}
	}
	var out []json.RawMessage
	if len(dev) > 0 {
		out = append(out, item.Message("developer", dev...))
	}
	if t.cfg.IncludeEnvironmentContext && (!thread.SameDir(old.Cwd, c.Cwd) || old.CurrentDate != c.CurrentDate || old.Timezone != c.Timezone) {
		env := instructions.Environment{Date: c.CurrentDate, Timezone: c.Timezone}
		if !thread.SameDir(old.Cwd, c.Cwd) {
			env.Cwd, env.Shell = c.Cwd, t.tools.Shell.Name()
		}
		out = append(out, item.Message("user", env.String()))
	}
	return out
}

func samePolicy(a, b rollout.SandboxPolicy) bool {
	a.WritableRoots, b.WritableRoots = slices.Sorted(slices.Values(a.WritableRoots)), slices.Sorted(slices.Values(b.WritableRoots))
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// userMessage makes the message item of a prompt: images first, each between two marks,
// then the text. An image that cannot be sent is told to the model in its place; lost says the
// same for people.
func (t *liveThread) userMessage(input []protocol.UserInput) (raw json.RawMessage, ev userMessageEvent, lost []string) {
	ev = userMessageEvent{Type: "user_message", Images: []string{}, LocalImages: []string{}, TextElements: []protocol.TextElement{}}
	var parts, texts []json.RawMessage
	n := 0
	for _, in := range input {
		switch in.Type {
		case protocol.UserInputText:
			texts = append(texts, item.TextPart(in.Text))
			if ev.Message != "" && in.Text != "" {
				ev.Message += "\n"
			}
			ev.Message += in.Text
			ev.TextElements = append(ev.TextElements, in.TextElements...)
		case protocol.UserInputImage:
			n++
			parts = append(parts, item.Image(n, in.URL, detailOf(in.Detail))...)
			ev.Images = append(ev.Images, in.URL)
		case protocol.UserInputLocalImage:
			n++
			ev.LocalImages = append(ev.LocalImages, in.Path)
			url, problem := t.localImage(in.Path)
			if problem != "" {
				parts, lost = append(parts, item.TextPart(problem)), append(lost, problem)
				continue
			}
			parts = append(parts, item.Image(n, url, detailOf(in.Detail))...)
		}
	}
	return item.MessageOf("user", append(parts, texts...)), ev, lost
}

func detailOf(d *protocol.ImageDetail) string { return cmp.Or(string(protocol.Value(d)), "high") }

// maxImage bounds an image that the user attached.
const maxImage = 64 << 20

// localImage reads an image that the user attached: the user's own file, on this
// machine, outside of any sandbox.
func (t *liveThread) localImage(path string) (url, problem string) {
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(t.set.cwd, full)
	}
	b, err := foreign.ReadFile(full, maxImage)
	if err != nil {
		return "", fmt.Sprintf("Codex could not read the local image at `%s`: %s", path, ostext.Of(err))
	}
	url, err = tools.ImageURL(b, full, false)
	if err != nil {
		return "", fmt.Sprintf("Codex cannot attach image at `%s`: %s.", path, err)
	}
	return url, ""
}

// userMessageEvent is the user_message event of session files.
type userMessageEvent struct {
	Type         string                 `json:"type"`
	Message      string                 `json:"message"`
	Images       []string               `json:"images"`
	LocalImages  []string               `json:"local_images"`
	TextElements []protocol.TextElement `json:"text_elements"`
}

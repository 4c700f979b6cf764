package turn

import (
	"context"
	"encoding/json"
	"strings"

	"codex/pkg/engine/instructions"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// reviewAnswer is the id of the message that a review leaves in its thread.
const reviewAnswer = "review_rollout_assistant"

// reviewInterrupted is what the thread's model has said of a review without an answer.
const reviewInterrupted = "The review ended without a result. Start it again with /review and let it finish."

// review is what to review, and what came of it.
type review struct {
	target protocol.ReviewTarget
	hint   string          // for people
	output *rollout.Review // nil without an answer
}

// reviewStart starts a review in the thread. A thread of its own is the router's to make.
func (s *Server) reviewStart(params json.RawMessage) (any, func(), error) {
	var p protocol.ReviewStartParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if err := word(p.Delivery); err != nil {
		return nil, nil, err
	}
	if err := tidyTarget(&p.Target); err != nil {
		return nil, nil, err
	}
	r := &review{target: p.Target, hint: p.Target.Hint()}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, nil, err
	}
	if p.Delivery != nil && *p.Delivery == protocol.ReviewDeliveryDetached {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "codex-turn serves one thread: a detached review needs an app-server")
	}
	start, t, err := s.replace(job{kind: jobReview, review: r})
	if err != nil {
		return nil, nil, err
	}
	input := protocol.List[protocol.UserInput]{{Type: protocol.UserInputText, Text: r.hint, TextElements: protocol.List[protocol.TextElement]{}}}
	answer := protocol.Turn{ID: t.id, ItemsView: protocol.TurnItemsViewNotLoaded, Status: protocol.TurnStatusInProgress,
		Items: protocol.ThreadItems{&protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: t.id, Content: input}}}
	return protocol.ReviewStartResponse{Turn: answer, ReviewThreadID: th.id}, start, nil
}

// tidyTarget reads a target: what it names must not be empty.
func tidyTarget(target *protocol.ReviewTarget) error {
	trim := func(s *string, name string) error {
		if *s = strings.TrimSpace(*s); *s == "" {
			return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%s must not be empty", name)
		}
		return nil
	}
	switch target.Type {
	case protocol.ReviewTargetUncommittedChanges:
	case protocol.ReviewTargetBaseBranch:
		return trim(&target.Branch, "branch")
	case protocol.ReviewTargetCommit:
		if t := strings.TrimSpace(deref(target.Title)); t != "" {
			target.Title = &t
		} else {
			target.Title = nil
		}
		return trim(&target.Sha, "sha")
	case protocol.ReviewTargetCustom:
		return trim(&target.Instructions, "instructions")
	case "":
		return missing("target")
	default:
		return unknownWord(target.Type, []string{protocol.ReviewTargetUncommittedChanges, protocol.ReviewTargetBaseBranch,
			protocol.ReviewTargetCommit, protocol.ReviewTargetCustom})
	}
	return nil
}

// reviewWith lets a reviewer work: a thread of its own, whose work is shown as this
// turn's.
func (t *turn) reviewWith(r *review) error {
	t.th.record(event(struct {
		Type   string                `json:"type"`
		Target protocol.ReviewTarget `json:"target"`
		Hint   string                `json:"user_facing_hint"`
	}{"entered_review_mode", r.target, r.hint}))
	inner, err := t.reviewer()
	if err != nil {
		return err
	}
	prompt, err := inner.reviewPrompt(r.target)
	if err != nil {
		return err
	}
	sub := inner.th
	defer func() {
		if err := sub.file.Close(); err != nil {
			sub.out.lost(sub.id, err)
		}
	}()
	begun := sub.now()
	inner.recordStart()
	var last *string
	firstMs, err := inner.converse([]protocol.UserInput{{Type: protocol.UserInputText, Text: prompt}}, &last)
	if t.ctx.Err() == nil {
		done := taskComplete{"task_complete", inner.id, last, sub.now().Unix(), sub.now().Sub(begun).Milliseconds(), firstMs}
		if err != nil {
			done.Last = nil
		}
		sub.record(event(done))
	} else {
		inner.aborted(sub.now().Unix(), sub.now().Sub(begun).Milliseconds())
	}
	if err == nil && last != nil {
		r.output = readReview(*last)
	}
	return err
}

// reviewer makes the turn of a reviewer: another thread with the same settings, but that
// nobody can be asked, and without what only the user's own thread has.
func (t *turn) reviewer() (*turn, error) {
	id, err := freshID("thread")
	if err != nil {
		return nil, err
	}
	turnID, err := freshID("turn")
	if err != nil {
		return nil, err
	}
	th := t.th
	cfg := *th.cfg
	cfg.WebSearch = "disabled"
	sub := &liveThread{opts: th.opts, out: th.out, cfg: &cfg, auth: th.auth, id: id, session: th.session, created: th.now(),
		source: json.RawMessage(`{"subagent":"review"}`), threadSource: string(protocol.ThreadSourceSubagent), review: true, eph: th.eph,
		base: instructions.Review, set: th.set, agents: th.agents, limits: noLimits(), tools: th.tools, rules: th.rules, client: th.client,
		specs: map[string]json.RawMessage{}, git: th.git}
	sub.set.approval = protocol.AskForApproval{Mode: "never"}
	sub.set.effort, sub.set.collab = cfg.ReasoningEffort, collab{}
	if cfg.ReviewModel != "" {
		sub.set.slug, sub.set.model = cfg.ReviewModel, lookup(&cfg, cfg.ReviewModel)
	}
	if err := sub.createFile(); err != nil {
		return nil, err
	}
	return &turn{th: sub, out: t.out, srv: t.srv, id: turnID, shown: t.shown, ctx: t.ctx, cancel: t.cancel, start: t.start, outer: t}, nil
}

// reviewPrompt asks for the review.
func (t *turn) reviewPrompt(target protocol.ReviewTarget) (string, error) {
	switch target.Type {
	case protocol.ReviewTargetUncommittedChanges:
		return instructions.ReviewUncommitted, nil
	case protocol.ReviewTargetBaseBranch:
		base, err := t.mergeBase(t.ctx, target.Branch)
		return instructions.ReviewBase(target.Branch, base), err
	case protocol.ReviewTargetCommit:
		return instructions.ReviewCommit(target.Sha, deref(target.Title)), nil
	}
	return target.Instructions, nil
}

// mergeBase asks git where the branch and the work tree part: the branch's upstream counts
// when it is ahead. "" is when git does not know.
func (t *turn) mergeBase(ctx context.Context, branch string) (string, error) {
	if strings.HasPrefix(branch, "-") {
		return "", nil // no option of git's
	}
	tt, err := t.toolTurn()
	if err != nil {
		return "", err
	}
	git := func(args ...string) (string, bool) {
		out, ok := t.th.tools.Query(ctx, tt, append([]string{"git"}, args...)...)
		return strings.TrimSpace(out), ok
	}
	if upstream, ok := git("rev-parse", "--abbrev-ref", "--symbolic-full-name", branch+"@{upstream}"); ok {
		if behind, ok := git("rev-list", "--count", branch+".."+upstream); ok && behind != "0" {
			branch = upstream
		}
	}
	base, ok := git("merge-base", "HEAD", branch)
	if !ok {
		return "", nil
	}
	return base, nil
}

// reviewed ends the review in the thread that asked for it: what the model will know of
// it, and what clients see.
func (t *turn) reviewed() {
	th := t.th
	text, answer, told := rollout.ReviewFailed, reviewInterrupted, instructions.ReviewMissing()
	if o := t.job.review.output; o != nil {
		text = o.String()
		answer, told = text, instructions.ReviewResult(text)
	}
	th.push(entry{raw: message("user", told)})
	th.record(event(struct {
		Type   string          `json:"type"`
		Output *rollout.Review `json:"review_output"`
	}{"exited_review_mode", t.job.review.output}))
	t.itemWhole(&protocol.ExitedReviewModeItem{Type: protocol.ItemExitedReviewMode, ID: t.id, Review: text})
	var part builder
	part.str("type", "output_text")
	part.str("text", answer)
	th.push(entry{raw: messageOf("assistant", []json.RawMessage{part.end()})})
	th.record(event(agentMessageEvent{"agent_message", answer, nil, nil}))
	t.itemWhole(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: reviewAnswer, Text: answer})
}

package turn

import (
	"context"
	"encoding/json"
	"strings"

	"codex/pkg/engine/item"
	"codex/pkg/engine/review"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// reviewAnswer is the id of the message that a review leaves in its thread.
const reviewAnswer = "review_rollout_assistant"

// reviewJob is what to review, and what came of it.
type reviewJob struct {
	target protocol.ReviewTarget
	hint   string          // for people
	schema json.RawMessage // of the answer, nil for the usual one
	output *rollout.Review // nil without an answer
}

// reviewStart starts a review in the thread. A thread of its own is the router's to make.
func (s *Server) reviewStart(r *req, p *protocol.ReviewStartParams) (any, error) {
	if err := review.Tidy(&p.Target); err != nil {
		return nil, invalid("%v", err)
	}
	work := &reviewJob{target: p.Target, hint: p.Target.Hint()}
	if len(p.OutputSchema) > 0 && string(p.OutputSchema) != "null" {
		work.schema = item.Minify(p.OutputSchema)
	}
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	if p.Delivery != nil && *p.Delivery == protocol.ReviewDeliveryDetached {
		return nil, invalid("codex-turn serves one thread: a detached review needs an app-server")
	}
	t, err := s.replace(r, job{kind: jobReview, review: work})
	if err != nil {
		return nil, err
	}
	input := protocol.List[protocol.UserInput]{{Type: protocol.UserInputText, Text: work.hint, TextElements: protocol.List[protocol.TextElement]{}}}
	answer := protocol.NewTurn(t.id, protocol.TurnStatusInProgress)
	answer.Items = protocol.ThreadItems{&protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: t.id, Content: input}}
	return protocol.ReviewStartResponse{Turn: answer, ReviewThreadID: th.id}, nil
}

// reviewWith lets a reviewer work: a thread of its own, whose work is shown as this
// turn's.
func (t *turn) reviewWith(r *reviewJob) error {
	t.th.record(event(struct {
		Type   string                `json:"type"`
		Target protocol.ReviewTarget `json:"target"`
		Hint   string                `json:"user_facing_hint"`
	}{"entered_review_mode", r.target, r.hint}))
	inner, err := t.reviewer()
	if err != nil {
		return err
	}
	git, err := inner.git(t.ctx)
	if err != nil {
		return err
	}
	sub := inner.th
	sub.schema = r.schema
	defer func() {
		if err := sub.file.Close(); err != nil {
			sub.out.lost(sub.id, err)
		}
	}()
	begun := sub.now()
	inner.recordStart()
	var last *string
	firstMs, err := inner.converse([]protocol.UserInput{{Type: protocol.UserInputText, Text: review.Prompt(r.target, git)}}, &last)
	if t.ctx.Err() == nil {
		done := taskComplete{"task_complete", inner.id, last, sub.now().Unix(), sub.now().Sub(begun).Milliseconds(), firstMs}
		if err != nil {
			done.Last = nil
		}
		sub.record(event(done))
	} else {
		inner.aborted(sub.now().Unix(), sub.now().Sub(begun).Milliseconds())
	}
	switch {
	case err != nil || last == nil:
	case r.schema != nil:
		r.output = &rollout.Review{Findings: []rollout.Finding{}, Explanation: *last}
	default:
		r.output = review.Read(*last)
	}
	return err
}

// reviewer makes the turn of a reviewer: another thread with the same settings, but that
// nobody can be asked, and without what only the user's own thread has.
func (t *turn) reviewer() (*turn, error) {
	th := t.th
	cfg := *th.cfg
	cfg.WebSearch = "disabled"
	sub := &liveThread{facts: th.facts, memory: memory{set: th.set, limits: noLimits(), specs: map[string]json.RawMessage{}}}
	sub.cfg, sub.id, sub.created, sub.dynamic = &cfg, freshID(), th.now(), nil
	sub.source, sub.threadSource = json.RawMessage(`{"subagent":"review"}`), string(protocol.ThreadSourceSubagent)
	sub.review, sub.base = true, review.Instructions
	sub.set.approval = protocol.AskForApproval{Mode: "never"}
	sub.set.effort, sub.set.collab = cfg.ReasoningEffort, collab{}
	if cfg.ReviewModel != "" {
		sub.set.slug, sub.set.model = cfg.ReviewModel, lookup(&cfg, cfg.ReviewModel)
	}
	if err := sub.createFile(); err != nil {
		return nil, err
	}
	return &turn{th: sub, out: t.out, id: freshID(), shown: t.shown, ctx: t.ctx, cancel: t.cancel, start: t.start, outer: t}, nil
}

// git asks git about the work tree, through the executor.
func (t *turn) git(ctx context.Context) (review.Git, error) {
	tt, err := t.toolTurn()
	if err != nil {
		return nil, err
	}
	repo, err := t.th.tools.Git(ctx, tt)
	if err != nil { // the reviewer will find out by itself
		return func(...string) (string, bool) { return "", false }, nil
	}
	return func(args ...string) (string, bool) {
		out, err := repo.Run(ctx, args)
		return strings.TrimSpace(out), err == nil
	}, nil
}

// reviewed ends the review in the thread that asked for it: what the model will know of
// it, and what clients see.
func (t *turn) reviewed() {
	th := t.th
	shown, answer, told := review.End(t.job.review.output)
	th.push(item.Item{Raw: item.Message("user", told)})
	th.record(event(struct {
		Type   string          `json:"type"`
		Output *rollout.Review `json:"review_output"`
	}{"exited_review_mode", t.job.review.output}))
	t.itemWhole(&protocol.ExitedReviewModeItem{Type: protocol.ItemExitedReviewMode, ID: t.id, Review: shown})
	th.push(item.Item{Raw: item.Assistant(answer)})
	th.record(event(agentMessageEvent{"agent_message", answer, nil, nil}))
	t.itemWhole(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: reviewAnswer, Text: answer})
}

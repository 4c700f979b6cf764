package loop

import (
	"cmp"
	"context"
	"strings"
	"time"

	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/protocol"
)

// Refs are what a review may begin from: branches, and commits of the one that is checked out,
// the newest first.
type Refs struct {
	Current  string
	Branches []string
	Commits  []protocol.ReviewTarget
}

// review starts a review of what is named, or of what is chosen.
func (l *Loop) review(what string) {
	if what != "" {
		l.startReview(custom(what))
		return
	}
	l.over(&overlay.List{Title: "Select a review preset", Items: []overlay.Item{
		{Label: "Changes since a branch", Detail: "(PR Style)", Do: func() { l.askRefs("Base branch", branch, (*Loop).pickBranch) }},
		{Label: "Review uncommitted changes", Do: func() { l.startReview(protocol.ReviewTarget{Type: protocol.ReviewTargetUncommittedChanges}) }},
		{Label: "Review a commit", Do: func() { l.askRefs("Commit", commit, (*Loop).pickCommit) }},
		{Label: "Custom review instructions", Do: func() { l.nameTarget("Custom review instructions", custom) }},
	}})
}

func custom(s string) protocol.ReviewTarget {
	return protocol.ReviewTarget{Type: protocol.ReviewTargetCustom, Instructions: s}
}

func branch(s string) protocol.ReviewTarget {
	return protocol.ReviewTarget{Type: protocol.ReviewTargetBaseBranch, Branch: s}
}

func commit(s string) protocol.ReviewTarget {
	return protocol.ReviewTarget{Type: protocol.ReviewTargetCommit, Sha: s}
}

func (l *Loop) startReview(t protocol.ReviewTarget) {
	l.asked++
	l.call(protocol.MethodReviewStart, protocol.ReviewStartParams{ThreadID: l.state.Thread.ID, Target: t}, nil)
}

// nameTarget has what is to be reviewed written.
func (l *Loop) nameTarget(title string, of func(string) protocol.ReviewTarget) {
	l.over(&overlay.Field{Title: title, Done: func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			l.startReview(of(s))
		}
	}})
}

// askRefs looks for branches and commits to choose from. Where there are none, or they are of
// another machine, one is named.
func (l *Loop) askRefs(title string, of func(string) protocol.ReviewTarget, pick func(*Loop, Refs) *overlay.List) {
	if l.Refs == nil || l.shared() {
		l.nameTarget(title, of)
		return
	}
	waiting := &overlay.List{Title: title, Subtitle: "git is asked…"}
	l.over(waiting)
	dir := cmp.Or(l.state.Thread.Cwd, l.Cwd)
	l.beside(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		refs, err := l.Refs(ctx, dir)
		return func() {
			if l.modal != waiting { // somebody has gone back
				return
			}
			if list := pick(l, refs); err == nil && len(list.Items) > 0 {
				l.over(list)
				return
			}
			l.nameTarget(title, of)
		}
	})
}

// pickBranch lists the branches that are not checked out.
func (l *Loop) pickBranch(refs Refs) *overlay.List {
	list := &overlay.List{Title: "Select a base branch", Search: true}
	for _, b := range refs.Branches {
		if b != refs.Current {
			list.Items = append(list.Items, overlay.Item{Label: cmp.Or(refs.Current, "HEAD") + " -> " + b, Do: func() { l.startReview(branch(b)) }})
		}
	}
	return list
}

// pickCommit lists commits.
func (l *Loop) pickCommit(refs Refs) *overlay.List {
	list := &overlay.List{Title: "Select a commit to review", Search: true}
	for _, c := range refs.Commits {
		list.Items = append(list.Items, overlay.Item{Label: cmp.Or(protocol.Value(c.Title), c.Sha), Detail: c.Sha[:min(7, len(c.Sha))], Do: func() { l.startReview(c) }})
	}
	return list
}

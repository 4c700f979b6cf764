package tools

import (
	"context"
	_ "embed" // the description
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/execpolicy"
	"codex/pkg/jsonrpc"
	"codex/pkg/patch"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

//go:embed apply_patch.md
var applyPatchText string

//go:embed apply_patch.lark
var patchGrammar string

// remoteFS is the disk of the executor, under the turn's policy.
type remoteFS struct {
	ex  *client.Client
	box *client.FileSandbox
}

func (r remoteFS) ReadFile(ctx context.Context, p string) ([]byte, error) {
	b, err := r.ex.ReadFile(ctx, p, r.box)
	return b, fileError(err)
}
func (r remoteFS) WriteFile(ctx context.Context, p string, pieces ...[]byte) error {
	return fileError(r.ex.WriteFile(ctx, p, slices.Concat(pieces...), r.box))
}
func (r remoteFS) MkdirAll(ctx context.Context, p string) error {
	return fileError(r.ex.CreateDirectory(ctx, p, true, r.box))
}
func (r remoteFS) Remove(ctx context.Context, p string) error {
	return fileError(r.ex.Remove(ctx, p, false, false, r.box))
}
func (r remoteFS) Stat(ctx context.Context, p string) (patch.Info, error) {
	m, err := r.ex.GetMetadata(ctx, p, r.box)
	return patch.Info{IsDir: m.IsDir, IsFile: m.IsFile, IsSymlink: m.IsSymlink}, err
}

// fileError leaves the executor's call and path out of an error: whoever reports it names
// the file.
func fileError(err error) error {
	if err == nil || osText(err) == err.Error() {
		return err
	}
	return shortError{err}
}

type shortError struct{ error }

func (e shortError) Error() string { return osText(e.error) }
func (e shortError) Unwrap() error { return e.error }

// fileSandbox holds what tools do to files to the turn's bounds.
func (s *Set) fileSandbox(t *Turn) *client.FileSandbox {
	b := s.bounds(t, grant{})
	if !b.pol.Restricted() {
		return nil
	}
	return &client.FileSandbox{Profile: b.profile, Cwd: t.Cwd}
}

func offerApplyPatch(o *SpecOptions) any {
	if !o.Model.FreeformPatch {
		return nil
	}
	type format struct {
		Type       string `json:"type"`
		Syntax     string `json:"syntax"`
		Definition string `json:"definition"`
	}
	return struct {
		Type        string `json:"type"`
		Name        string `json:"name"`
		Description string `json:"description"`
		Format      format `json:"format"`
	}{"custom", "apply_patch", strings.TrimSpace(applyPatchText), format{"grammar", "lark", patchGrammar}}
}

// patchArgs are those of a model that calls the tool as a function.
type patchArgs struct {
	Input string `json:"input"`
}

// applyPatch applies the patch that is the input, or a member of it where the model calls
// a function.
func (s *Set) applyPatch(ctx context.Context, t *Turn, c Call) Output {
	text, err := c.patchText()
	if err != nil {
		return BadArguments(err)
	}
	return s.patch(ctx, t, c.ID, t.Cwd, text).output("")
}

func (c Call) patchText() (string, error) {
	if c.Item != "function_call" || !strings.HasPrefix(strings.TrimSpace(c.Arguments), "{") {
		return c.Arguments, nil
	}
	var a patchArgs
	err := Decode(c.Arguments, &a)
	return a.Input, err
}

// intercept runs a script that is nothing but an apply_patch call as the tool.
func (s *Set) intercept(ctx context.Context, t *Turn, c Call, cmd command) (p patched, ok bool) {
	call, ok, err := patch.Intercept(cmd.argv)
	if err != nil {
		return unpatched("apply_patch verification failed: %v", err), true
	}
	if !ok {
		return patched{}, false
	}
	return s.patch(ctx, t, c.ID, s.resolve(cmd.cwd, call.Dir), call.Text), true
}

// patched is what came of a patch.
type patched struct {
	refused string // why it was not applied, "" when that was tried
	shown   bool   // an item says so
	code    int
	took    time.Duration
	body    string
}

func unpatched(format string, a ...any) patched { return patched{refused: fmt.Sprintf(format, a...)} }

// output is what the model gets; head goes before the report of a patch that was tried.
func (p patched) output(head string) Output {
	if p.refused != "" {
		return Output{Text: p.refused, Failed: !p.shown}
	}
	return Output{Text: fmt.Sprintf("%sExit code: %d\nWall time: %s seconds\nOutput:\n%s", head, p.code, shortSeconds(p.took), p.body),
		Failed: p.code != 0, Why: p.body}
}

// patch verifies a patch, asks where needed, and applies it.
func (s *Set) patch(ctx context.Context, t *Turn, callID, cwd, text string) patched {
	ex, err := s.executor(ctx)
	if err != nil {
		return unpatched("apply_patch verification failed: %v", err)
	}
	p, err := s.parsePatch(text)
	if err != nil {
		return unpatched("%v", err)
	}
	box := s.fileSandbox(t)
	reads := box // where not everything may be read, a patch must not tell what is in a file
	if t.Profile.ReadsAll() && !t.Profile.Denies() {
		reads = nil
	}
	changes, err := patch.Verify(ctx, remoteFS{ex, reads}, cwd, p)
	if err != nil {
		return unpatched("apply_patch verification failed: %v", err)
	}
	item := fileChange(callID, changes, protocol.PatchApplyStatusInProgress)
	inside := writable(s.bounds(t, grant{}).pol, changes)
	asks := t.Approval == execpolicy.Untrusted || !inside && (t.Approval == execpolicy.OnRequest || t.Approval == execpolicy.Granular && t.Granular.SandboxApproval)
	if asks && !s.patchApproved(changes) {
		decided, err := t.question(ctx, patchUse(callID, text))
		switch {
		case err != nil:
			return unpatched("patch rejected: %v", err)
		case !decided && !s.askPatch(ctx, t, item, changes):
			return patched{refused: "patch rejected by user", shown: true}
		}
	}
	switch {
	case asks && !inside:
		box = nil
	case asks || inside || t.Approval == execpolicy.OnFailure:
	case t.Mode == "read-only":
		return unpatched("patch rejected: writing is blocked by read-only sandbox; rejected by user approval settings")
	default:
		return unpatched("patch rejected: writing outside of the project; rejected by user approval settings")
	}
	if !asks {
		t.Out.Allowed(callID)
	}
	t.Out.ItemStarted(item)
	return s.carryOut(ctx, t, remoteFS{ex, box}, callID, cwd, p, changes)
}

// parsePatch reads a patch, with the user's home in its paths.
func (s *Set) parsePatch(text string) (*patch.Patch, error) {
	p, err := patch.Parse(text)
	var pe *patch.ParseError
	switch {
	case errors.As(err, &pe):
		return nil, errors.New("apply_patch verification failed: " + pe.ToolText())
	case err != nil:
		return nil, fmt.Errorf("apply_patch verification failed: %w", err)
	case p.EnvironmentID != "":
		return nil, errors.New("apply_patch environment selection is unavailable for this turn")
	case len(p.Hunks) == 0:
		return nil, errors.New("patch rejected: empty patch")
	}
	for i := range p.Hunks {
		h := &p.Hunks[i]
		h.Path, h.MovePath = s.atHome(h.Path), s.atHome(h.MovePath)
	}
	return p, nil
}

// carryOut writes the files and reports it to the turn.
func (s *Set) carryOut(ctx context.Context, t *Turn, disk remoteFS, callID, cwd string, p *patch.Patch, changes []patch.Change) patched {
	started := time.Now()
	res, err := patch.Apply(ctx, disk, cwd, p)
	out := patched{took: time.Since(started)}
	end := PatchEnd{Type: "patch_apply_end", CallID: callID, TurnID: t.TurnID, Success: err == nil, Changes: eventChanges(changes), Status: "completed"}
	if err == nil {
		end.Stdout = res.Summary()
		out.body = end.Stdout
	} else {
		out.code, out.body = 1, strings.TrimSuffix(err.Error(), "\n")+"\n"
		end.Stderr, end.Status = out.body, "failed"
	}
	t.Out.PatchEnd(end)
	t.Out.ItemCompleted(fileChange(callID, changes, protocol.PatchApplyStatus(end.Status)))
	if t.Diff != nil {
		t.Diff.Add(res.Applied)
		if res.Inexact {
			t.Diff.Invalidate()
		}
		if diff, ok := t.Diff.Text(); ok && len(res.Applied) > 0 {
			t.Out.DiffUpdated(diff)
		}
	}
	return out
}

// writable says whether every path of the patch may be written under a policy.
func writable(pol policy.Policy, changes []patch.Change) bool {
	for _, c := range changes {
		if !pol.CanWrite(c.Path) || c.MovePath != "" && !pol.CanWrite(c.MovePath) {
			return false
		}
	}
	return true
}

func patchKey(path string) string { return "patch " + path }

func (s *Set) patchApproved(changes []patch.Change) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(changes, func(c patch.Change) bool { return !s.approved[patchKey(c.Path)] })
}

// askPatch shows a patch to the user. A refusal declines its item.
func (s *Set) askPatch(ctx context.Context, t *Turn, item *protocol.FileChangeItem, changes []patch.Change) bool {
	t.Out.ItemStarted(item)
	a, err := t.Out.AskPatch(ctx, protocol.FileChangeRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID,
		ItemID: item.ID, StartedAtMs: time.Now().UnixMilli()})
	if err != nil || !a.Accept {
		declined := *item
		declined.Status = protocol.PatchApplyStatusDeclined
		if a.Failed {
			declined.Status = protocol.PatchApplyStatusFailed
		}
		t.Out.ItemCompleted(&declined)
		if a.Cancel {
			t.Out.Cancel()
		}
		return false
	}
	if a.ForSession {
		s.mu.Lock()
		for _, c := range changes {
			s.approved[patchKey(c.Path)] = true
		}
		s.mu.Unlock()
	}
	return true
}

// fileChange is the item, its changes by path, one for each: for a new or deleted file
// the diff is its content.
func fileChange(id string, changes []patch.Change, status protocol.PatchApplyStatus) *protocol.FileChangeItem {
	item := &protocol.FileChangeItem{Type: protocol.ItemFileChange, ID: id, Status: status}
	for _, c := range changes {
		u := protocol.FileUpdateChange{Path: c.Path, Kind: protocol.PatchChangeKind{Type: string(c.Kind)}, Diff: c.Content}
		if c.Kind == "update" {
			u.Diff = c.UnifiedDiff
			if c.MovePath != "" {
				mv := c.MovePath
				u.Kind.MovePath = &mv
				u.Diff = fmt.Sprintf("%s\n\nMoved to: %s", u.Diff, mv)
			}
		}
		item.Changes = append(item.Changes, u)
	}
	slices.SortStableFunc(item.Changes, func(a, b protocol.FileUpdateChange) int { return strings.Compare(a.Path, b.Path) })
	item.Changes = merged(item.Changes)
	return item
}

// merged makes one change of several to a file: their diffs one after the other, or the
// last when it is no update.
func merged(changes []protocol.FileUpdateChange) []protocol.FileUpdateChange {
	out := changes[:0]
	for _, c := range changes {
		last := len(out) - 1
		switch {
		case last < 0 || out[last].Path != c.Path:
			out = append(out, c)
		case out[last].Kind.Type == "update" && c.Kind.Type == "update" && out[last].Kind.MovePath == nil:
			c.Diff = strings.TrimSuffix(out[last].Diff, "\n") + "\n" + c.Diff
			out[last] = c
		default:
			out[last] = c
		}
	}
	return out
}

// eventChanges is the map of the session file's event.
func eventChanges(changes []patch.Change) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, c := range changes {
		var v any
		switch c.Kind {
		case "update":
			v = struct {
				Type string  `json:"type"`
				Diff string  `json:"unified_diff"`
				Move *string `json:"move_path"`
			}{"update", c.UnifiedDiff, protocol.Optional(c.MovePath)}
		default:
			v = struct {
				Type    string `json:"type"`
				Content string `json:"content"`
			}{string(c.Kind), c.Content}
		}
		if b, err := jsonrpc.Marshal(v); err == nil { // strings always encode
			out[c.Path] = b
		}
	}
	return out
}

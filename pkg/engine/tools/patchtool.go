package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/execpolicy"
	"codex/pkg/patch"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

// remoteFS is the disk of the executor, under the turn's policy.
type remoteFS struct {
	hands *client.Client
	box   *client.FileSandbox
}

func (r remoteFS) ReadFile(ctx context.Context, p string) ([]byte, error) {
	b, err := r.hands.ReadFile(ctx, p, r.box)
	return b, fileError(err)
}
func (r remoteFS) WriteFile(ctx context.Context, p string, b []byte) error {
	return r.hands.WriteFile(ctx, p, b, r.box)
}
func (r remoteFS) MkdirAll(ctx context.Context, p string) error {
	return r.hands.CreateDirectory(ctx, p, true, r.box)
}
func (r remoteFS) Remove(ctx context.Context, p string) error {
	return r.hands.Remove(ctx, p, false, false, r.box)
}
func (r remoteFS) Stat(ctx context.Context, p string) (patch.Info, error) {
	m, err := r.hands.GetMetadata(ctx, p, r.box)
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

func (s *Set) applyPatch(ctx context.Context, t *Turn, c Call) Output {
	return s.patchText(ctx, t, c.ID, t.Cwd, c.Arguments)
}

// patchText verifies, asks where needed, applies, and reports (tools spec §4.5).
func (s *Set) patchText(ctx context.Context, t *Turn, callID, cwd, text string) Output {
	hands, err := s.executor(ctx)
	if err != nil {
		return textf("apply_patch verification failed: %v", err)
	}
	p, err := patch.Parse(text)
	if err != nil {
		msg := err.Error()
		var pe *patch.ParseError
		if errors.As(err, &pe) {
			msg = pe.ToolText()
		}
		return textf("apply_patch verification failed: %s", msg)
	}
	if p.EnvironmentID != "" {
		return Output{Text: "apply_patch environment selection is unavailable for this turn"}
	}
	if len(p.Hunks) == 0 {
		return Output{Text: "patch rejected: empty patch"}
	}
	for i := range p.Hunks {
		h := &p.Hunks[i]
		h.Path, h.MovePath = s.atHome(h.Path), s.atHome(h.MovePath)
	}
	box := s.fileSandbox(t)
	reads := box // where not everything may be read, a patch must not tell what is in a file
	if t.Profile.ReadsAll() && !t.Profile.Denies() {
		reads = nil
	}
	changes, err := patch.Verify(ctx, remoteFS{hands, reads}, cwd, p)
	if err != nil {
		return textf("apply_patch verification failed: %s", err)
	}
	item := fileChange(callID, changes, protocol.PatchApplyStatusInProgress)
	inside := writable(s.bounds(t, grant{}).pol, changes)
	switch {
	case t.Approval == execpolicy.Untrusted || !inside && (t.Approval == execpolicy.OnRequest || t.Approval == execpolicy.Granular && t.Granular.SandboxApproval):
		if !s.patchApproved(changes) {
			if out, ok := s.askPatch(ctx, t, item, changes); !ok {
				return out
			}
			if !inside {
				box = nil
			}
		} else if !inside {
			box = nil
		}
	case !inside && t.Approval != execpolicy.OnFailure:
		if t.Mode == "read-only" {
			return Output{Text: "patch rejected: writing is blocked by read-only sandbox; rejected by user approval settings"}
		}
		return Output{Text: "patch rejected: writing outside of the project; rejected by user approval settings"}
	}
	t.Out.ItemStarted(item)
	started := time.Now()
	res, err := patch.Apply(ctx, remoteFS{hands, box}, cwd, p)
	took := time.Since(started)
	end := PatchEnd{Type: "patch_apply_end", CallID: callID, TurnID: t.TurnID, Success: err == nil, Changes: eventChanges(changes), Status: "completed"}
	code, body := 0, ""
	if err == nil {
		end.Stdout = res.Summary()
		body = end.Stdout
	} else {
		code, body = 1, strings.TrimSuffix(err.Error(), "\n")+"\n"
		end.Stderr, end.Status = body, "failed"
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
	return textf("Exit code: %d\nWall time: %s seconds\nOutput:\n%s", code, shortSeconds(took), body)
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
	for _, c := range changes {
		if !s.approved[patchKey(c.Path)] {
			return false
		}
	}
	return true
}

func (s *Set) askPatch(ctx context.Context, t *Turn, item *protocol.FileChangeItem, changes []patch.Change) (Output, bool) {
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
		return Output{Text: "patch rejected by user"}, false
	}
	if a.ForSession {
		s.mu.Lock()
		for _, c := range changes {
			s.approved[patchKey(c.Path)] = true
		}
		s.mu.Unlock()
	}
	return Output{}, true
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
			var mv *string
			if c.MovePath != "" {
				mv = &c.MovePath
			}
			v = struct {
				Type string  `json:"type"`
				Diff string  `json:"unified_diff"`
				Move *string `json:"move_path"`
			}{"update", c.UnifiedDiff, mv}
		default:
			v = struct {
				Type    string `json:"type"`
				Content string `json:"content"`
			}{string(c.Kind), c.Content}
		}
		out[c.Path] = encode(v)
	}
	return out
}

// encode is JSON without the escapes for HTML that the original does not write.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

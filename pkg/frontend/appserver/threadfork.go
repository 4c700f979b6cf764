package appserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/sjson"

	"codex/pkg/cli/version"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// threadFork copies a thread under a new id. A turn that still runs shows as interrupted
// in the copy, for its end is not in it.
func (s *Server) threadFork(r *request, p *protocol.ThreadForkParams) (any, error) {
	t, turns, err := s.fork(r, p)
	if err != nil {
		return nil, err
	}
	t.opened(r, turns, p.ExcludeTurns)
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.told.Thread})
	return nil, errLater
}

// fork makes and registers the copy.
func (s *Server) fork(r *request, p *protocol.ThreadForkParams) (*loadedThread, []protocol.Turn, error) {
	id, path, err := s.locate(p.ThreadID, p.Path)
	if err != nil {
		return nil, nil, err
	}
	if path == "" {
		return nil, nil, invalid("no rollout found for thread id %s", id)
	}
	from, err := s.readHead(path)
	if err != nil {
		return nil, nil, internal(err)
	}
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config, p.Permissions, p.RuntimeWorkspaceRoots, p.ThreadSource}
	params := without(r.params, "threadId", "path", "excludeTurns")
	copyOf := s.forkFile
	if p.Ephemeral {
		copyOf = s.forkMemory
	}
	t, turns, err := copyOf(from, w, params)
	if err != nil {
		return nil, nil, err
	}
	t.told.Thread.ThreadSource = p.ThreadSource
	s.adopt(t, r.c)
	return t, turns, nil
}

// forkFile writes the copy to a session file of its own.
func (s *Server) forkFile(from *head, w wishes, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	u, err := uuid.NewV7()
	if err != nil {
		return nil, nil, internal(err)
	}
	at, _ := thread.IDTime(u.String())
	file := rollout.Path(s.home, u.String(), at)
	if err := s.copyRollout(from, u.String(), file, at, w.source); err != nil {
		return nil, nil, internal(fmt.Errorf("fork thread %s: %w", from.id, err))
	}
	h, err := s.readHead(file)
	if err != nil {
		return nil, nil, internal(err)
	}
	t, turns, err := s.reopen(h, w, params)
	if err != nil {
		_ = os.Remove(file) // nobody was told of it
	}
	return t, turns, err
}

// forkMemory makes an ephemeral copy: its engine is given the history, and no file is
// written.
func (s *Server) forkMemory(from *head, w wishes, params json.RawMessage) (*loadedThread, []protocol.Turn, error) {
	old, turns, err := s.reopen(from, w, params)
	if err != nil {
		return nil, nil, err
	}
	hist, err := rollout.Load(from.path)
	if err != nil {
		return nil, nil, internal(err)
	}
	u, err := uuid.NewV7()
	if err != nil {
		return nil, nil, internal(err)
	}
	t := &loadedThread{id: u.String(), eph: true, told: old.told, seed: hist.Items}
	at, _ := thread.IDTime(t.id)
	th := &t.told.Thread
	th.ID, th.SessionID, th.ForkedFromID, th.Ephemeral, th.Path = t.id, t.id, &from.id, true, nil
	th.CreatedAt, th.UpdatedAt, th.CliVersion, th.Name, th.GitInfo = at.Unix(), at.Unix(), version.Compat, nil, nil
	if old.usage != nil {
		if t.usage, err = sjson.SetBytes(old.usage, "params.threadId", t.id); err != nil {
			return nil, nil, internal(err)
		}
	}
	// The engine starts it as a new thread: what the old one ran with has to be said.
	t.start = old.start
	say := map[string]any{"ephemeral": true, "cwd": t.told.Cwd, "model": t.told.Model, "modelProvider": t.told.ModelProvider}
	if e := t.told.ReasoningEffort; e != nil {
		say["config.model_reasoning_effort"] = *e
	}
	for _, k := range sortedKeys(say) {
		if t.start, err = sjson.SetBytes(t.start, k, say[k]); err != nil {
			return nil, nil, internal(err)
		}
	}
	return t, turns, nil
}

// copyRollout writes the first line of a fork, and behind it the whole lines of the file
// that it is one of. Who the thread is for is not handed down.
func (s *Server) copyRollout(from *head, id, path string, at time.Time, who *protocol.ThreadSource) error {
	src, err := os.Open(from.path)
	if err != nil {
		return err
	}
	defer src.Close()
	size, err := wholeLines(src)
	if err != nil {
		return err
	}
	meta := without(json.RawMessage(from.meta.Raw), "thread_source")
	facts := [][2]string{{"id", id}, {"forked_from_id", from.id}, {"timestamp", rollout.Stamp(at)}, {"originator", s.origin()}, {"cli_version", version.Compat}, {"source", "vscode"}}
	if who != nil {
		facts = append(facts, [2]string{"thread_source", string(*who)})
	}
	for _, m := range facts {
		if meta, err = sjson.SetBytes(meta, m[0], m[1]); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".fork-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(encode(rollout.Line{Timestamp: rollout.Stamp(at), Type: rollout.TypeSessionMeta, Payload: json.RawMessage(meta)}), '\n'))
	if err == nil {
		_, err = io.Copy(tmp, io.NewSectionReader(src, 0, size))
	}
	if err = errors.Join(err, tmp.Chmod(0o600), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// wholeLines is the size of a file without a last line that is not finished, or still
// being written.
func wholeLines(f *os.File) (int64, error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 64<<10)
	for end := fi.Size(); end > 0; {
		from := max(0, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-from], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for i := n - 1; i >= 0; i-- {
			if buf[i] == '\n' {
				return from + int64(i) + 1, nil
			}
		}
		end = from
	}
	return 0, nil
}

package memories

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/thread"
)

// use is a line of usage.jsonl.
type use struct {
	ThreadID string `json:"thread_id"`
	At       int64  `json:"at"`
}

// Used notes that an answer rested on what sessions left. Many may do so at once: lines are
// added with one write.
func (s Store) Used(ids []string, at time.Time) error {
	var lines []byte
	for _, id := range ids {
		if id, ok := thread.ParseID(id); ok {
			line, err := jsonrpc.Marshal(use{id, at.Unix()})
			if err != nil {
				return fmt.Errorf("note that a memory was of use: %w", err)
			}
			lines = append(append(lines, line...), '\n')
		}
	}
	if len(lines) == 0 {
		return nil
	}
	err := makeDir(StateDir(s.Home))
	if err == nil {
		err = appendTo(s.usage(), lines)
	}
	if err != nil {
		return fmt.Errorf("note that a memory was of use: %w", err)
	}
	return nil
}

func appendTo(path string, lines []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(lines)
	return errors.Join(err, f.Close())
}

// Count adds what was noted to the records. One process may do so at a time.
func (s Store) Count() error {
	counting := s.usage() + ".counting" // what comes meanwhile is counted next time
	if _, err := os.Lstat(counting); err != nil {
		if err := os.Rename(s.usage(), counting); err != nil {
			return ignoreMissing(err)
		}
	}
	uses, batch, err := readUses(counting)
	if err != nil {
		return fmt.Errorf("count uses: %w", err)
	}
	var all []error
	for id, u := range uses {
		r, err := s.Get(id)
		all = append(all, err)
		if r == nil || r.Counted == batch { // by one who was killed
			continue
		}
		r.Counted = batch
		r.Uses, r.LastUse = r.Uses+u.n, max(r.LastUse, u.last)
		if err := s.Put(r); err != nil {
			return errors.Join(append(all, err)...) // the rest is counted the next time
		}
	}
	return errors.Join(append(all, os.Remove(counting))...)
}

// maxUse bounds a line of usage.jsonl; one that is longer says nothing of a use.
const maxUse = 64 << 10

type uses struct {
	n    int
	last int64
}

// readUses reads a file of uses, and when it was last written to, by which it is told from others.
func readUses(path string) (_ map[string]uses, batch int64, err error) {
	f, err := foreign.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	all := map[string]uses{}
	lines := jsonrpc.NewReader(f, maxUse)
	for {
		line, err := lines.ReadLine()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			continue // a use is short
		case err == io.EOF:
			return all, st.ModTime().UnixNano(), nil
		case err != nil:
			return nil, 0, err
		}
		v := gjson.GetManyBytes(line, "thread_id", "at")
		if id, ok := thread.ParseID(v[0].Str); ok {
			u := all[id]
			all[id] = uses{u.n + 1, max(u.last, v[1].Int())}
		}
	}
}

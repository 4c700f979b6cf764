package memories

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/thread"
)

// Record is what is known of one session. Times are those of the machine, in seconds.
type Record struct {
	ThreadID string `json:"thread_id"`
	Path     string `json:"rollout_path"`
	Cwd      string `json:"cwd"`
	Branch   string `json:"git_branch,omitempty"`
	// SourceUpdatedAt is when the session was last worked on before it was read.
	SourceUpdatedAt int64 `json:"source_updated_at"`
	GeneratedAt     int64 `json:"generated_at,omitempty"`
	// Raw and Summary are "" where the session left nothing worth keeping.
	Raw     string `json:"raw_memory,omitempty"`
	Summary string `json:"rollout_summary,omitempty"`
	Slug    string `json:"rollout_slug,omitempty"`
	// Uses counts answers that rested on it; LastUse is of the latest.
	Uses    int   `json:"usage_count,omitempty"`
	LastUse int64 `json:"last_usage,omitempty"`
	// Counted is the file of uses that was counted last.
	Counted int64 `json:"usage_counted,omitempty"`
	// Attempt is set while the session has yet to be read.
	Attempt *Attempt `json:"attempt,omitempty"`
}

// Attempt is a reading that has failed, or was broken off.
type Attempt struct {
	Of    int64  `json:"source_updated_at"`
	Retry int64  `json:"retry_at"`
	Left  int    `json:"attempts_left"`
	Error string `json:"error,omitempty"`
}

// Kept says whether there is something to remember.
func (r *Record) Kept() bool {
	return strings.TrimSpace(r.Raw) != "" || strings.TrimSpace(r.Summary) != ""
}

// Seen is when the session was last worked on, as far as it was looked at.
func (r *Record) Seen() int64 {
	if r.Attempt != nil {
		return r.Attempt.Of
	}
	return r.SourceUpdatedAt
}

// Recent is when the memory was last of use: what nobody used counts from its session.
func (r *Record) Recent() int64 {
	if r.LastUse > 0 {
		return r.LastUse
	}
	return r.SourceUpdatedAt
}

// Store are the records of a CODEX_HOME.
type Store struct{ Home string }

// maxRecord bounds the file of a record.
const maxRecord = 4 << 20

func (s Store) dir() string            { return filepath.Join(StateDir(s.Home), "sessions") }
func (s Store) path(id string) string  { return filepath.Join(s.dir(), id+".json") }
func (s Store) usage() string          { return filepath.Join(StateDir(s.Home), "usage.jsonl") }
func notThere(err error) bool          { return errors.Is(err, fs.ErrNotExist) }
func makeDir(dir string) error         { return os.MkdirAll(dir, 0o700) }
func (s Store) Remove(id string) error { return ignoreMissing(os.Remove(s.path(id))) }

func ignoreMissing(err error) error {
	if notThere(err) {
		return nil
	}
	return err
}

// Get gives the record of a thread, nil when there is none.
func (s Store) Get(id string) (*Record, error) {
	b, err := foreign.ReadFile(s.path(id), maxRecord)
	if notThere(err) {
		return nil, nil
	}
	r := new(Record)
	if err == nil {
		err = json.Unmarshal(b, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is known of session %s: %w", id, err)
	}
	r.ThreadID = id
	return r, nil
}

// Put writes a record.
func (s Store) Put(r *Record) error {
	b, err := jsonrpc.Marshal(r)
	if err == nil {
		err = makeDir(s.dir())
	}
	if err == nil {
		err = atomicfile.Replace(s.path(r.ThreadID), 0o600, b, []byte{'\n'})
	}
	if err != nil {
		return fmt.Errorf("note what is known of session %s: %w", r.ThreadID, err)
	}
	return nil
}

// All gives the records by thread ids. The error is that of files that cannot be read, after
// what could be.
func (s Store) All() ([]*Record, error) {
	entries, err := os.ReadDir(s.dir())
	err = ignoreMissing(err)
	var all []*Record
	for _, e := range entries { // sorted by name
		id, ok := thread.ParseID(strings.TrimSuffix(e.Name(), ".json"))
		if !ok || e.Name() != id+".json" {
			continue
		}
		r, e := s.Get(id)
		err = errors.Join(err, e)
		if r != nil {
			all = append(all, r)
		}
	}
	return all, err
}

// Select gives the records to bring together, by thread ids: at most n, those first that were
// used most, then latest. Those that nobody has used since the time of old are left out, and
// kept: the clock may be wrong.
func Select(all []*Record, n int, old time.Time) (chosen []*Record) {
	for _, r := range all {
		if r.Kept() && r.Recent() >= old.Unix() {
			chosen = append(chosen, r)
		}
	}
	slices.SortFunc(chosen, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(b.Uses, a.Uses), cmp.Compare(b.Recent(), a.Recent()), cmp.Compare(b.SourceUpdatedAt, a.SourceUpdatedAt), strings.Compare(b.ThreadID, a.ThreadID))
	})
	chosen = chosen[:min(n, len(chosen))]
	slices.SortFunc(chosen, func(a, b *Record) int { return strings.Compare(a.ThreadID, b.ThreadID) })
	return chosen
}

package rollout

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
)

// A fork of 0.171.0 does not copy: its first line names the session that it comes from,
// and the number of the first line there that is not its own. Whoever reads it reads that
// one before it.

// maxLineage bounds a chain of such forks, which may be a circle.
const maxLineage = 64

// origin is the part of another session that stands before a session.
type origin struct {
	path   string
	before int64
}

// originOf finds it; ok is false for a session that has all of its lines. An error means
// that the file it needs is gone.
func originOf(path string, f io.ReaderAt) (o origin, ok bool, err error) {
	meta, err := FirstMeta(f)
	if err != nil {
		return o, false, nil
	}
	before, id := meta.Get("forked_from_ordinal_exclusive"), meta.Get("forked_from_id").Str
	if before.Type != gjson.Number || id == "" || strings.ContainsAny(id, `*?[\/`) {
		return o, false, nil
	}
	home := filepath.Dir(path)
	for range 5 { // home/sessions/YYYY/MM/DD, or home/archived_sessions
		for _, pattern := range []string{"sessions/*/*/*/rollout-*-" + id + ".jsonl", "archived_sessions/rollout-*-" + id + ".jsonl"} {
			if found, _ := fs.Glob(os.DirFS(home), pattern); len(found) > 0 { // the pattern is sound
				return origin{filepath.Join(home, filepath.FromSlash(found[0])), before.Int()}, true, nil
			}
		}
		home = filepath.Dir(home)
	}
	return o, false, fmt.Errorf("session file %s is the fork of a session that is not there: %s", path, id)
}

// has tells whether a line is part of what stands before.
func (o origin) has(line []byte) bool {
	v := gjson.GetBytes(line[:min(headOfLine, len(line))], "ordinal")
	return v.Type == gjson.Number && v.Int() < o.before
}

// eachBackward gives the lines of a session from the last to the first, those of where it
// comes from behind its own: their offsets are negative.
func eachBackward(path string, most int64, fn func(backLine) bool) error {
	return lineage(path, most, 0, 0, fn)
}

func lineage(path string, most, shift int64, depth int, fn func(backLine) bool) error {
	f, err := foreign.Open(path)
	if err != nil {
		return fmt.Errorf("open session file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("stat session file: %w", err)
	}
	if depth > 0 {
		shift -= st.Size()
	}
	stopped := false
	err = backward(f, most, func(l backLine) bool {
		l.offset += shift
		stopped = !fn(l)
		return !stopped
	})
	if err != nil || stopped || depth == maxLineage {
		return err
	}
	o, ok, err := originOf(path, f)
	if err != nil || !ok {
		return err
	}
	return lineage(o.path, most, shift, depth+1, func(l backLine) bool { return !o.has(l.text) || fn(l) })
}

// eachForward gives them from the first to the last.
func eachForward(path string, depth int, fn func(line []byte)) error {
	f, err := foreign.Open(path)
	if err != nil {
		return fmt.Errorf("open session file: %w", err)
	}
	defer f.Close()
	o, ok, err := originOf(path, f)
	if err != nil {
		return err
	}
	if ok && depth < maxLineage {
		err := eachForward(o.path, depth+1, func(line []byte) {
			if o.has(line) {
				fn(line)
			}
		})
		if err != nil {
			return err
		}
	}
	br := bufio.NewReaderSize(f, 64<<10)
	for {
		line, err := readLine(br, MaxLine)
		if len(line) > 0 {
			fn(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read session file %s: %w", path, err)
		}
	}
}

package memories

import (
	"bytes"
	"context"
	_ "embed" // the instructions
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	store "codex/pkg/memories"
)

//go:embed consolidate.md
var consolidateText string

const (
	consolidationModel  = "gpt-5.4" // at OpenAI
	consolidationEffort = "medium"
	consolidationLimit  = time.Hour
	// cooldown is how long memories that were brought together are left so.
	cooldown = 6 * time.Hour
	// diffName is the file that tells a model what has changed.
	diffName = "phase2_workspace_diff.md"
	// profile is the permission profile of the model's commands.
	profile = "codex-memories"
)

// progress is what is known of bringing together.
type progress struct {
	At    int64  `json:"at,omitempty"`       // when it was done last
	Retry int64  `json:"retry_at,omitempty"` // not before, after one that has failed or was broken off
	Error string `json:"error,omitempty"`
}

// rests says whether it is too early to do it again.
func (p progress) rests(now time.Time) bool {
	if p.Retry > 0 {
		return early(now, p.Retry, retryAfter)
	}
	return early(now, p.At+int64(cooldown/time.Second), cooldown)
}

// early says that a time to wait for is yet to come. One that is further off than anybody is
// told to wait was written while the clock was wrong.
func early(now time.Time, until int64, longest time.Duration) bool {
	wait := time.Unix(until, 0).Sub(now)
	return wait > 0 && wait <= longest
}

func (u *updater) state(name string) string { return filepath.Join(store.StateDir(u.home), name) }

func readProgress(home string) (p progress, err error) {
	b, err := foreign.ReadFile(filepath.Join(store.StateDir(home), "consolidation.json"), 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err != nil {
		return p, fmt.Errorf("read when memories were brought together: %w", err)
	}
	return p, nil
}

func (u *updater) setProgress(p progress) error {
	b, err := jsonrpc.Marshal(p)
	if err == nil {
		err = atomicfile.Replace(u.state("consolidation.json"), 0o600, b, []byte{'\n'})
	}
	if err != nil {
		return fmt.Errorf("note when memories were brought together: %w", err)
	}
	return nil
}

// consolidate brings together what single sessions left, where that has changed. A model does
// it in a copy of the folder; only what it made of the files of that goes back.
func (u *updater) consolidate(ctx context.Context) error {
	p, err := readProgress(u.home)
	if err != nil {
		u.note("%v", err) // as if it had never been done
	}
	now := u.Now()
	if !u.atOnce && p.rests(now) {
		return nil
	}
	before, err := loadTree(u.state("baseline.json"))
	if err != nil {
		u.note("read how memories were: %v", err)
		before = tree{}
	}
	here, err := u.here(before)
	if err != nil {
		return err
	}
	switch {
	case len(before) == 0 && len(here.without(store.RawName)) == 0:
		return nil
	case len(before.changes(here)) == 0 && p.Retry == 0:
		return nil
	case len(before.changes(here)) == 0: // it was broken off when all was done but saying so
		return errors.Join(u.tidy(), u.setProgress(progress{At: now.Unix()}))
	}
	// That it is tried is written down before: what is broken off is not begun again at once.
	if err := u.setProgress(progress{At: p.At, Retry: now.Add(retryAfter).Unix()}); err != nil {
		return err
	}
	err = u.bringTogether(ctx, before, here)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		err = fmt.Errorf("bring memories together: %w", err)
		u.tell(event{Type: "consolidation.failed", Error: err.Error()})
		return errors.Join(err, u.setProgress(progress{At: p.At, Retry: now.Add(retryAfter).Unix(), Error: err.Error()}))
	}
	u.tell(event{Type: "consolidated"})
	return u.setProgress(progress{At: u.Now().Unix()})
}

// here is the folder. What cannot be read of it counts as it was.
func (u *updater) here(before tree) (tree, error) {
	as := tree{}
	here, err := readTree(store.Dir(u.home), func(name string, err error) {
		u.note("passed over: %v", err)
		for n, b := range before {
			if within(n, name) {
				as[n] = b
			}
		}
	})
	if err != nil {
		return nil, err
	}
	maps.Copy(here, as)
	return here, nil
}

// tidy removes what one who was broken off has left.
func (u *updater) tidy() error {
	return errors.Join(os.RemoveAll(u.state("work")), os.RemoveAll(u.state("room")))
}

// bringTogether runs the model, and takes over what it made.
func (u *updater) bringTogether(ctx context.Context, before, here tree) error {
	if err := u.tidy(); err != nil {
		return err
	}
	work := u.state("work")
	defer os.RemoveAll(work)
	given := here.without(diffName)
	copied := maps.Clone(given)
	copied[diffName] = []byte(before.diff(given))
	if err := copied.write(work); err != nil {
		return fmt.Errorf("copy the folder: %w", err)
	}
	said, err := u.run(ctx, job{model: u.model(u.set.ConsolidationModel, consolidationModel), effort: consolidationEffort, prompt: strings.TrimSpace(consolidateText),
		dir: work, limit: consolidationLimit, args: quiet(), settings: u.confined(work), permissions: profile})
	if err != nil {
		return err
	}
	made, err := readTree(work, nil)
	if err != nil {
		return err
	}
	made = made.without(diffName)
	// A disk that is full may have cut what the model wrote: without room for all of that once
	// more, file by file, nothing is touched.
	room := u.state("room")
	if err := errors.Join(made.write(room), os.RemoveAll(room)); err != nil {
		return err
	}
	after, err := u.takeOver(given, made)
	if err != nil {
		return err
	}
	if said = strings.TrimSpace(said); said != "" && u.log != nil {
		u.note("brought together: %s", middle(inLine(said), 500))
	}
	return after.save(u.state("baseline.json"))
}

func inLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// confined are the settings of that turn: its commands read and write the folder, read what
// every program needs, and nothing else; of the environment they get no more.
func (u *updater) confined(work string) map[string]json.RawMessage {
	s := plain()
	delete(s, "include_permissions_instructions")
	delete(s, "include_environment_context")
	s["permissions."+profile+".filesystem"] = json.RawMessage(`{":minimal":"read",` + strconv.Quote(work) + `:"write",` + strconv.Quote(store.Dir(u.home)) + `:"deny"}`)
	s["shell_environment_policy.include_only"] = json.RawMessage(`["PATH","PATHEXT","SYSTEMROOT","SHELL","LANG","LC_*","TZ"]`)
	s["permissions."+profile+".network"] = json.RawMessage(`{"enabled":false}`)
	return s
}

// takeOver writes what a model made of the files that it was given, and gives what is there
// then, as far as the model has seen it: a file that somebody has changed meanwhile stays, and
// counts as changed the next time.
func (u *updater) takeOver(given, made tree) (tree, error) {
	for _, name := range []string{store.SummaryName, store.HandbookName} {
		if b := made[name]; len(bytes.TrimSpace(b)) == 0 || !utf8.Valid(b) {
			return nil, fmt.Errorf("the model has left no %s", name)
		}
	}
	f, err := store.OpenFolder(store.Dir(u.home))
	if err != nil {
		return nil, fmt.Errorf("open the folder of memories: %w", err)
	}
	defer f.Close()
	after := maps.Clone(given)
	for _, c := range given.changes(made) {
		if !kept(c.name) {
			u.note("passed over: %s is not for a model to change", c.name)
			continue
		}
		if c.kind != 'D' && !utf8.Valid(made[c.name]) {
			u.note("passed over: %s is no text, in which secrets could be told", c.name)
			continue
		}
		if now, err := f.Read(c.name, maxFile); !bytes.Equal(now, given[c.name]) || err != nil && c.kind != 'A' {
			u.note("passed over: somebody has changed %s meanwhile", c.name)
			continue
		}
		if err := u.put(f, c, made[c.name], after); err != nil {
			return nil, fmt.Errorf("take over %s: %w", c.name, err)
		}
	}
	return after, nil
}

// put writes one file, or removes it.
func (u *updater) put(f *store.Folder, c change, b []byte, after tree) error {
	if c.kind == 'D' {
		delete(after, c.name)
		return f.Remove(c.name)
	}
	b = []byte(u.secrets.Redact(string(b)))
	after[c.name] = b
	return f.Replace(c.name, b)
}

// kept says whether a file is for a model to change.
func kept(name string) bool {
	return name == store.SummaryName || name == store.HandbookName || strings.HasPrefix(name, "skills/")
}

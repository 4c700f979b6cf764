package memories

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	store "codex/pkg/memories"
	"codex/pkg/thread"
)

type updateCmd struct {
	JSON     bool   `name:"json" help:"tell what is done as one object a line"`
	Log      string `placeholder:"FILE" help:"where words about what happens go, and those of engines, instead of standard error"`
	Now      bool   `help:"bring together at once, and not only every six hours"`
	UntilEOF bool   `name:"until-eof" help:"leave when standard input ends: whoever started this has gone"`
}

// updater makes memories.
type updater struct {
	Process
	home    string
	cfg     *config.Config
	set     config.Memories
	records store.Store
	secrets *store.Redactor
	engine  []string // arguments of each codex-turn
	log     *os.File // nil is standard error
	words   io.Writer
	tell    func(e event)
	untold  error           // the first that telling gave
	limits  json.RawMessage // of the account
	atOnce  bool            // nothing rests before it is brought together
}

// event is something that was done, as --json tells it.
type event struct {
	Type     string `json:"type"`
	ThreadID string `json:"thread_id,omitempty"`
	File     string `json:"file,omitempty"` // in rollout_summaries; "" where nothing was worth keeping
	Error    string `json:"error,omitempty"`
}

// errLeft is the cause of an end that was asked for.
var errLeft = errors.New("broken off")

// Run makes memories, unless somebody else is at it.
func (c updateCmd) Run(ctx context.Context, p Process, g *Grammar, home string) error {
	chosen := g.options(p.Env, home)
	cfg, err := config.Load(ctx, chosen)
	if err != nil {
		return err
	}
	if !cfg.Features.Enabled("memories") {
		return errors.New("features.memories is off: codex features enable memories")
	}
	u := &updater{Process: p, home: home, cfg: cfg, set: cfg.Memories(), records: store.Store{Home: home}, secrets: store.NewRedactor(), engine: chosen.ProfileArgs(), words: p.Stderr, atOnce: c.Now}
	u.tell = u.teller(c.JSON)
	if c.Log != "" {
		if u.log, err = openLog(c.Log); err != nil {
			return err
		}
		defer u.log.Close()
		u.words = u.log
	}
	lock, err := lock(home)
	if err != nil {
		return u.fail(err)
	}
	if lock == nil {
		fmt.Fprintln(u.words, "codex-memories: memories are being made already")
		return nil
	}
	defer lock.Close()
	ctx, stop := pipeline.Interruptible(ctx)
	defer stop()
	stopped, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	if c.UntilEOF {
		go func() { // ends with standard input, or the process
			_, _ = io.Copy(io.Discard, p.Stdin)
			leave(errLeft)
		}()
	}
	err = u.update(stopped)
	if errors.Is(err, errLeft) {
		err = nil // what is left to do waits
	}
	return pipeline.ByWhat(ctx, u.fail(errors.Join(err, u.untold)))
}

// fail writes an error to the log, where there is one.
func (u *updater) fail(err error) error {
	if err == nil || u.log == nil {
		return err
	}
	u.note("%v", err)
	return exit.Silent(exit.Failed)
}

// note says something to people.
func (u *updater) note(format string, args ...any) {
	if u.log != nil {
		fmt.Fprint(u.words, u.Now().Format(time.RFC3339)+" ")
	}
	fmt.Fprintf(u.words, "codex-memories: "+format+"\n", args...)
}

// teller tells what was done. What cannot be told is done all the same, and an error at the end.
func (u *updater) teller(asJSON bool) func(e event) {
	if asJSON {
		lines := jsonrpc.NewWriter(u.Stdout)
		return func(e event) { u.untold = cmp.Or(u.untold, lines.Write(e)) }
	}
	return func(e event) {
		var err error
		switch e.Type {
		case "session.read":
			_, err = fmt.Fprintf(u.Stdout, "%s  %s\n", e.ThreadID, cmp.Or(e.File, "nothing to keep"))
		case "consolidated":
			_, err = fmt.Fprintln(u.Stdout, "brought together")
		}
		u.untold = cmp.Or(u.untold, err)
	}
}

// update is all the work.
func (u *updater) update(ctx context.Context) error {
	if err := u.adopt(ctx); err != nil {
		return err
	}
	if err := u.records.Count(); err != nil {
		return err
	}
	u.limits = u.knownLimits()
	failed := u.extract(ctx)
	if ctx.Err() != nil {
		return failed
	}
	if err := u.publish(ctx); err != nil {
		return errors.Join(failed, err)
	}
	if !u.enough() {
		u.note("no more memories are made: less than %g percent of a limit of the account is left", u.set.MinRemaining)
		return failed
	}
	return errors.Join(failed, u.consolidate(ctx))
}

// adopt takes over what another program has made of sessions.
func (u *updater) adopt(ctx context.Context) error {
	all, err := u.records.All()
	if err != nil {
		u.note("%v", err)
	}
	known := map[string]bool{}
	for _, r := range all {
		known[r.ThreadID] = true
	}
	fresh, err := store.Import(store.Dir(u.home), known)
	if err != nil {
		return fmt.Errorf("read the memories that are there: %w", err)
	}
	for _, r := range fresh {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if feeding, err := u.source(r); err != nil || !feeding {
			continue // it would be dropped at once
		}
		if err := u.records.Put(r); err != nil {
			return err
		}
	}
	return nil
}

// source says whether the session of a record is there and feeds memories. It may have been
// moved. The error is that of one that cannot be read.
func (u *updater) source(r *store.Record) (feeding bool, err error) {
	path, err := thread.Find(u.home, r.ThreadID)
	if errors.Is(err, thread.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h, err := thread.Read(path)
	if err != nil {
		return false, err
	}
	r.Path = path
	return h.ID == r.ThreadID && feeds(h), nil
}

// current gives the memories to bring together, and forgets those whose session is gone.
func (u *updater) current(ctx context.Context) ([]*store.Record, error) {
	all, err := u.records.All()
	if err != nil {
		u.note("%v", err)
	}
	var here []*store.Record
	for _, r := range all {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		feeding, err := u.source(r)
		if err != nil {
			u.note("session %s: %v", r.ThreadID, err) // what cannot be read now is not gone
		}
		if feeding || err != nil {
			here = append(here, r)
		} else if err := u.records.Remove(r.ThreadID); err != nil {
			return nil, fmt.Errorf("forget session %s: %w", r.ThreadID, err)
		}
	}
	return store.Select(here, u.set.MaxRaw, u.Now().Add(-u.set.MaxUnused)), nil
}

// publish writes what single sessions left.
func (u *updater) publish(ctx context.Context) error {
	chosen, err := u.current(ctx)
	if err != nil {
		return err
	}
	return store.Publish(store.Dir(u.home), chosen)
}

// model is the one that is asked: that of the settings, with OpenAI a fitting one, else the one
// that sessions use.
func (u *updater) model(set, openAI string) string {
	switch {
	case set != "":
		return set
	case u.cfg.ProviderID == "openai":
		return openAI
	}
	return u.cfg.Model
}

// quiet are the arguments of an engine that nobody sees: nothing of the user's runs beside it.
func quiet() []string {
	args := []string{"--ephemeral", "--source=memories", "--ask-for-approval=never", "--with-mcp=", "--ignore-rules"}
	for _, f := range []string{"memories", "hooks", "plugins", "apps", "multi_agent"} {
		args = append(args, "--disable="+f)
	}
	return args
}

// plain are the settings of a turn that gets its instructions from us alone.
func plain() map[string]json.RawMessage {
	return map[string]json.RawMessage{"include_environment_context": json.RawMessage("false"), "include_permissions_instructions": json.RawMessage("false"),
		"skills.include_instructions": json.RawMessage("false"), "project_doc_max_bytes": json.RawMessage("0"), "web_search": json.RawMessage(`"disabled"`),
		"developer_instructions": json.RawMessage(`""`)}
}

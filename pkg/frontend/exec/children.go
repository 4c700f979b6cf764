package exec

import (
	"errors"
	"fmt"
	"path/filepath"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// startEngine starts the engine with the filters of config.toml behind it, and opens the
// conversation.
func (r *run) startEngine() error {
	engine := pipeline.Command{Name: "codex-turn"}
	var err error
	if r.args.Turn != "" {
		words, ok := shellwords.Split(r.args.Turn)
		if !ok || len(words) == 0 {
			return fmt.Errorf("--turn %q is no command", r.args.Turn)
		}
		if engine.Path, err = r.lookup(words[0]); err != nil {
			return err
		}
		engine.Name, engine.Args = words[0], words[1:]
	} else if engine.Path, err = install.Find(r.Self, engine.Name, r.Getenv("PATH")); err != nil {
		return err
	}
	engine.Args = append(engine.Args, r.args.engineArgs()...)
	engine.Args = append(engine.Args, "--ask-for-approval=never", "--source=exec")
	var filters []pipeline.Command
	for _, f := range r.cfg.Pipeline.Filters {
		path, err := r.lookup(f[0])
		if err != nil {
			return fmt.Errorf("[pipeline] filters: %w", err)
		}
		filters = append(filters, pipeline.Command{Name: f[0], Path: path, Args: f[1:]})
	}
	optOut := r.show.optOut()
	if len(filters) > 0 {
		optOut = nil // filters may want what is not shown
	}
	if len(r.cfg.Notify) > 0 {
		path, err := install.Find(r.Self, "codex-notify", r.Getenv("PATH"))
		if err != nil {
			return err
		}
		filters = append(filters, pipeline.Command{Name: "codex-notify", Path: path,
			Args: append([]string{"--client", "codex_exec", "--exec"}, r.cfg.Notify...)})
	}
	pipe, err := pipeline.Start(pipeline.Spec{Engine: engine, Filters: filters, Env: r.Env, Dir: r.Cwd, Stderr: r.ChildStderr})
	if err != nil {
		return err
	}
	r.pipe = pipe
	r.ctl.start(pipe)
	r.talk = newTalk(pipe.Out, pipe.In, talk{show: r.show, notice: r.Stderr,
		own: shown{r.cfg.ReasoningEffort, r.cfg.ReasoningSummary, r.cfg.HideReasoning, r.cfg.ShowRawReasoning}})
	if err := r.talk.hello(optOut); err != nil {
		return r.explain(err)
	}
	return nil
}

// lookup finds a program that a person has named: by its path, beside this one when it is
// of the suite, or on PATH.
func (r *run) lookup(name string) (string, error) {
	if name = install.Own(r.Self)(name); filepath.Base(name) != name {
		if !filepath.IsAbs(name) {
			name = filepath.Join(r.Cwd, name)
		}
		return name, nil
	}
	return install.LookPath(name, r.Getenv("PATH"))
}

// explain turns the end of the engine's lines into words that say which process ended,
// and how. Other errors stay.
func (r *run) explain(err error) error {
	if !errors.Is(err, errEnded) {
		return err
	}
	if r.ctl.leavingNow() {
		return exit.Silent(exit.Failed)
	}
	return errors.New(pipeline.Blame(r.pipe.Wait(grace)) + " before the turn was over")
}

// trouble reports children that ended badly beside a turn that did not: something of it
// is lost.
func (r *run) trouble(exits []pipeline.Exit) error {
	if len(exits) == 0 || r.ctl.leavingNow() {
		return nil
	}
	var lost error
	for i, e := range exits {
		// The engine's status says how the turn ended, and is 143 when it was told to leave.
		if e.OK() || i == 0 && (r.talk.result.status != protocol.TurnStatusCompleted || e.Signaled() || e.State.ExitCode() > 128) {
			continue
		}
		if i > 0 || r.args.Turn != "" { // our own engine says what it is
			fmt.Fprintln(r.Stderr, "codex-exec: "+e.String())
		}
		lost = exit.Silent(exit.Failed)
	}
	return lost
}

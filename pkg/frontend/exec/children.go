package exec

import (
	"errors"
	"fmt"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/frontend/launch"
	"codex/pkg/protocol"
)

// startEngine starts the engine with the filters of config.toml behind it, and opens the
// conversation.
func (r *run) startEngine() error {
	programs := launch.Programs{Self: r.Self, Path: r.Getenv("PATH"), Cwd: r.Cwd}
	engine, err := programs.Engine(r.args.Turn, append(r.args.engine, "--ask-for-approval=never", "--source=exec")...)
	if err != nil {
		return err
	}
	if r.args.Turn == "" {
		launch.Hand(&engine, &r.docs)
	}
	filters, err := programs.Filters(r.cfg, "codex_exec")
	if err != nil {
		return err
	}
	pipe, err := pipeline.Start(pipeline.Spec{Engine: engine, Filters: filters, Env: r.Env, Dir: r.Cwd, Stderr: r.ChildStderr})
	if err != nil {
		return err
	}
	r.pipe = pipe
	r.log.Debug("engine started", "program", engine.Path, "filters", len(filters))
	r.ctl.start(pipe)
	r.talk = newTalk(pipe.Out, pipe.In, talk{show: r.show, notice: r.Stderr, large: r.Large,
		own: shown{r.cfg.ReasoningEffort, r.cfg.ReasoningSummary, r.cfg.HideReasoning, r.cfg.ShowRawReasoning}})
	optOut := r.show.optOut()
	if len(r.cfg.Pipeline.Filters) > 0 {
		optOut = nil // filters may want what is not shown
	}
	if err := r.talk.hello(optOut); err != nil {
		return r.explain(err)
	}
	return nil
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

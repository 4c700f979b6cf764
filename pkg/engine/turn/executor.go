package turn

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"codex/pkg/auth"
	"codex/pkg/engine/tools"
	"codex/pkg/exec/client"
	"codex/pkg/shellenv"
)

// initTimeout is how long an executor may take to answer initialize.
const initTimeout = 10 * time.Second

// toolOptions wires the tools to this machine or the configured executor.
func (t *liveThread) toolOptions() tools.Options {
	o, cfg := t.opts, t.cfg
	passwd, _ := os.ReadFile("/etc/passwd") // missing elsewhere: then a shell on PATH
	f := tools.Finder{IsFile: isFile, LookPath: func(name string) (string, bool) {
		p, err := exec.LookPath(name)
		return p, err == nil
	}}
	return tools.Options{
		Start:      t.startExecutor,
		Executor:   t.executor()[0],
		BaseEnv:    shellenv.Map(o.Environ),
		Env:        cfg.ShellEnv,
		PathDir:    o.PathDir,
		Shell:      tools.UserShell(passwd, os.Getuid(), f),
		Finder:     f,
		AllowLogin: cfg.AllowLoginShell,
		MaxPoll:    cfg.BackgroundTerminalMaxTimeout,
		Rules:      t.rules,
		External:   t.external(),
		None:       o.NoTools,

		ExtraPermissions:   cfg.Features.Enabled("exec_permission_approvals"),
		RequestPermissions: cfg.Features.Enabled("request_permissions_tool"),
		Log:                o.Log,
	}
}

func isFile(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}

// executor is its command: the configured one, else codex-sandbox serve.
func (t *liveThread) executor() []string {
	if len(t.cfg.Executor) > 0 {
		return t.cfg.Executor
	}
	return t.opts.Executor
}

func (t *liveThread) startExecutor(ctx context.Context) (*client.Client, error) {
	c := client.Config{Command: t.executor(), Env: auth.WithoutSecrets(t.opts.Environ), Dir: t.cfg.Cwd, Stderr: t.opts.Stderr, InitTimeout: initTimeout,
		LegacyLandlock: t.cfg.Features.Enabled("use_legacy_landlock"), WindowsLevel: t.cfg.WindowsSandbox()}
	if len(t.cfg.Executor) > 0 { // a wrapper may not leave by itself
		c.Self = t.opts.Self
	}
	if t.opts.RecordDir != "" {
		f, err := t.opts.recording("executor.jsonl")
		if err != nil {
			return nil, err
		}
		c.Record = f
	}
	// The executor outlives the call that first needed it.
	return client.Start(context.WithoutCancel(ctx), c)
}

// recording opens a file of --record DIR.
func (o *Options) recording(name string) (*os.File, error) {
	if err := os.MkdirAll(o.RecordDir, 0o700); err != nil {
		return nil, fmt.Errorf("make recording folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(o.RecordDir, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	return f, nil
}

package tools

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"codex/pkg/engine/tools/args"
	"codex/pkg/exec/client"
	"codex/pkg/patch"
	"codex/pkg/protocol"
)

const (
	defaultYield = 10000 // ms (tools spec §3.4)
	minYield     = 250
	maxYield     = 30000
)

func execArgs() *args.Object {
	return &args.Object{Name: "ExecCommandArgs", Outer: "ExecCommandEnvironmentArgs", Fields: []args.Field{
		{Name: "cmd", Kind: args.String, Required: true},
		{Name: "workdir", Kind: args.String, Null: true},
		{Name: "shell", Kind: args.String, Null: true},
		{Name: "login", Kind: args.Bool, Null: true},
		{Name: "tty", Kind: args.Bool},
		{Name: "yield_time_ms", Kind: args.Uint},
		{Name: "max_output_tokens", Kind: args.Uint, Word: "usize", Null: true},
		{Name: "sandbox_permissions", Kind: args.Enum, Values: []string{"use_default", "require_escalated", "with_additional_permissions"}},
		{Name: "additional_permissions", Kind: args.Any, Null: true},
		{Name: "justification", Kind: args.String, Null: true},
		{Name: "prefix_rule", Kind: args.Strings, Null: true},
		{Name: "environment_id", Kind: args.String, Null: true, Apart: true},
	}}
}

// command is one command on its way.
type command struct {
	callID     string
	argv       []string
	cwd        string
	tty        bool
	yield      time.Duration
	tokens     int
	escalate   bool
	extra      grant // what it asks for beyond its sandbox
	reason     string
	prefixRule []string
	// plainSignals is how exec_command words a death by signal outside of a sandbox.
	plainSignals bool
}

func (s *Set) execCommand(ctx context.Context, t *Turn, c Call) Output {
	v, err := args.Decode(execArgs(), c.Arguments)
	if err != nil {
		return badArguments(err)
	}
	if v.Has("environment_id") {
		return textf("unknown turn environment id `%s`", v.Str("environment_id"))
	}
	login := v.Bool("login", s.AllowLogin)
	if login && !s.AllowLogin {
		return Output{Text: "login shell is disabled by config; omit `login` or set it to false."}
	}
	if strings.Contains(v.Str("cmd"), "\x00") {
		return Output{Text: `exec_command failed for ` + "`<command included NUL byte>`" + `: CreateProcess { message: "Rejected(\"Failed to create unified exec process: nul byte found in provided data\")" }`}
	}
	sh := s.Shell
	if v.Has("shell") {
		sh = s.Finder.pick(v.Str("shell"), s.Shell)
	}
	cmd := command{callID: c.ID, argv: sh.Argv(v.Str("cmd"), login), cwd: s.resolve(t.Cwd, v.Str("workdir")), tty: v.Bool("tty", false),
		plainSignals: true,
		yield:        time.Duration(clamp(v.Uint("yield_time_ms", defaultYield), minYield, maxYield)) * time.Millisecond,
		tokens:       t.budget(v),
		reason:       v.Str("justification")}
	if p, ok := v["prefix_rule"].([]string); ok {
		cmd.prefixRule = p
	}
	var refused string
	if cmd.escalate, cmd.extra, refused = s.permissions(t, v, c.Arguments, cmd.cwd, "cannot"); refused != "" {
		return Output{Text: refused}
	}
	if out, ok := s.intercept(ctx, t, c, cmd); ok {
		return out
	}
	leave := s.approve(ctx, t, cmd)
	if leave.refused != "" {
		return rejected(cmd.argv, leave.refused)
	}
	ss, err := s.start(ctx, t, cmd, leave.unsandboxed)
	if err != nil {
		return s.startFailed(cmd, err)
	}
	ss.collect(ctx, cmd.yield)
	if again, refused := s.retry(ctx, t, cmd, ss, leave); refused {
		s.forget(ss.id)
		return rejected(cmd.argv, byUser)
	} else if again {
		s.forget(ss.id)
		if ss, err = s.start(ctx, t, cmd, true); err != nil {
			return s.startFailed(cmd, err)
		}
		ss.collect(ctx, cmd.yield)
	}
	return s.report(ss, cmd.tokens)
}

// budget is how many tokens of output this call may show.
func (t *Turn) budget(v args.Values) int {
	n := v.Uint("max_output_tokens", defaultYield)
	return int(min(n, uint64(t.Limit.Tokens())))
}

func clamp(n, lo, hi uint64) uint64 { return max(lo, min(n, hi)) }

// resolve makes a path of the model's absolute.
func (s *Set) resolve(cwd, dir string) string { return resolve(cwd, s.atHome(dir)) }

// atHome puts the user's home in place of a leading ~, as the original does.
func (s *Set) atHome(path string) string {
	if home := s.BaseEnv["HOME"]; filepath.IsAbs(home) && (path == "~" || strings.HasPrefix(path, "~/")) {
		return filepath.Join(home, path[1:])
	}
	return path
}

func resolve(cwd, dir string) string {
	if dir == "" {
		return cwd
	}
	if filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	return filepath.Join(cwd, dir)
}

func execFailed(argv []string, detail string) Output {
	return textf("exec_command failed for `%s`: %s", Join(argv), detail)
}

func (s *Set) startFailed(cmd command, err error) Output {
	msg := err.Error()
	if errors.Is(err, client.ErrNoSandbox) {
		return rejected(cmd.argv, msg)
	}
	if errors.Is(err, fs.ErrNotExist) || strings.Contains(msg, "os error") {
		msg = "Failed to create unified exec process: " + osText(err)
	}
	return rejected(cmd.argv, msg)
}

// rejected words why a command did not run.
func rejected(argv []string, why string) Output {
	return execFailed(argv, fmt.Sprintf("CreateProcess { message: %s }", debugString("Rejected("+debugString(why)+")")))
}

// osText keeps the operating system's part of an executor's message.
func osText(err error) string {
	msg := err.Error()
	if i := strings.LastIndex(msg, ": "); i >= 0 && strings.Contains(msg[i:], "(os error") {
		return msg[i+2:]
	}
	return msg
}

// start starts the command and watches it. The item is announced at once, so that no
// output comes before it.
func (s *Set) start(ctx context.Context, t *Turn, cmd command, unsandboxed bool) (*session, error) {
	hands, err := s.executor(ctx)
	if err != nil {
		return nil, err
	}
	ss := &session{id: s.newID(), callID: cmd.callID, turn: t, argv: cmd.argv, cwd: cmd.cwd, tty: cmd.tty,
		started: time.Now(), ended: make(chan struct{})}
	b := s.bounds(t, cmd.extra)
	if unsandboxed {
		b.profile = b.open()
	}
	sandboxed := b.profile.Confines() && (unsandboxed || b.pol.Restricted())
	ss.plainSignals = !sandboxed && cmd.plainSignals
	p := client.StartParams{ID: strconv.Itoa(ss.id) + "-" + cmd.callID, Argv: cmd.argv, Cwd: cmd.cwd,
		Env: s.environment(t, sandboxed && !b.profile.Network), Tty: cmd.tty, Merge: true}
	if sandboxed {
		p.Sandbox, p.SandboxCwd, p.WorkspaceRoots = &b.profile, t.Cwd, []string{t.Cwd}
		s.network(ctx, t, &b.profile, &p)
	}
	begun := make(chan struct{})
	ss.proc, err = hands.StartProcess(ctx, p, func(stream string, chunk []byte) {
		<-begun
		ss.sink(stream, chunk)
	})
	s.confined.started(ss.proc, err)
	if err != nil {
		close(begun)
		s.forget(ss.id)
		return nil, err
	}
	t.Out.ItemStarted(ss.item(protocol.CommandExecutionStatusInProgress))
	close(begun)
	s.store(ss)
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		ss.watch()
	}()
	return ss, nil
}

// report words the result and forgets a process that has ended.
func (s *Set) report(ss *session, tokens int) Output {
	ended := ss.done()
	ss.mu.Lock()
	out := ss.unread.take()
	// Wall time leaves out the grace that the original gives to short commands.
	wall := time.Since(ss.started) - grace
	if ended && ss.exited.Sub(ss.started) < grace {
		wall = 0
	}
	ss.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "Chunk ID: %06x\nWall time: %.4f seconds\n", rand.IntN(1<<24), max(wall, 0).Seconds())
	if ended {
		if err := ss.proc.Err(); err != nil {
			s.forget(ss.id)
			return textf("exec_command failed for `%s`: %v", Join(ss.argv), err)
		}
		fmt.Fprintf(&b, "Process exited with code %d\n", ss.code())
		s.forget(ss.id)
	} else {
		fmt.Fprintf(&b, "Process running with session ID %d\n", ss.id)
	}
	raw := out.bytes()
	text := valid(raw)
	total := out.total + int64(len(text)-len(raw)) // what isn't UTF-8 grows
	fmt.Fprintf(&b, "Original token count: %d\nOutput:\n", TokenCount(total))
	b.WriteString(formatOutput(text, tokens, total, out.lineCount()))
	return Output{Text: b.String()}
}

// intercept runs a script that is nothing but an apply_patch call as the tool.
func (s *Set) intercept(ctx context.Context, t *Turn, c Call, cmd command) (Output, bool) {
	call, ok, err := patch.Intercept(cmd.argv)
	if err != nil {
		return Output{Text: "apply_patch verification failed: " + err.Error()}, true
	}
	if !ok {
		return Output{}, false
	}
	out := s.patchText(ctx, t, c.ID, s.resolve(cmd.cwd, call.Dir), call.Text)
	if strings.HasPrefix(out.Text, "Exit code: ") && c.Name == "exec_command" {
		out.Text = "Wall time: 0.0000 seconds\nOutput:\n" + out.Text
	}
	return out, true
}

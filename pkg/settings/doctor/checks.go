package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli/install"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/execpolicy"
	"codex/pkg/execpolicy/ruledir"
)

// examination is what the checks look at.
type examination struct {
	p       Process
	cfg     *config.Config // nil when it is broken
	broken  error
	home    string
	offline bool
}

// row is one check: how it is called in reports, and what does it.
type row struct {
	id, category, group, name string
	look                      func(ctx context.Context, e *examination) check
}

// checks lists them, in the order in which people read them.
func checks() []row {
	return []row{
		{"runtime.provenance", "runtime", "Environment", "runtime", provenance},
		{"installation", "install", "Environment", "install", installation},
		{"runtime.search", "search", "Environment", "search", search},
		{"terminal.env", "terminal", "Environment", "terminal", terminal},
		{"state.paths", "state", "Environment", "state", state},
		{"config.load", "config", "Configuration", "config", settingsLoad},
		{"rules.load", "rules", "Configuration", "rules", rules},
		{"auth.credentials", "auth", "Configuration", "auth", credentials},
		{"mcp.config", "mcp", "Configuration", "mcp", servers},
		{"sandbox.helpers", "sandbox", "Configuration", "sandbox", sandbox},
		{"updates.status", "updates", "Updates", "updates", updates},
		{"network.env", "network", "Connectivity", "network", networkEnv},
		{"network.provider_reachability", "reachability", "Connectivity", "reachability", reachability},
		{"app_server.status", "app-server", "Background Server", "app-server", appServer},
	}
}

// unread is what checks find that need settings which cannot be read.
func unread() check { return check{Status: warn, Summary: "not checked: the settings cannot be read"} }

func provenance(_ context.Context, e *examination) check {
	platform := runtime.GOOS + "-" + runtime.GOARCH
	return check{Status: ok, Summary: "running on " + platform, Details: map[string]any{
		"current executable": e.p.Self, "platform": platform, "version": version.String(), "go": runtime.Version()}}
}

// installation looks for the programs that this one is a part of.
func installation(_ context.Context, e *examination) check {
	path := e.p.Env.Get("PATH")
	d := map[string]any{"current executable": e.p.Self}
	var missing []string
	for _, name := range []string{"codex", "codex-exec", "codex-turn", "codex-sandbox", "codex-execpolicy", "apply_patch"} {
		found, err := install.Find(e.p.Self, name, path)
		if err != nil {
			missing = append(missing, name)
			continue
		}
		d[name] = found
	}
	if len(missing) > 0 {
		return check{Status: fail, Summary: "missing: " + strings.Join(missing, ", "), Details: d}.advise("Install the whole suite in one folder.")
	}
	first, err := install.LookPath("codex", path)
	ours, _ := d["codex"].(string)
	switch {
	case err != nil:
		return check{Status: warn, Summary: "codex is not on PATH", Details: d}.advise("Put %s on PATH.", filepath.Dir(ours))
	case !same(first, ours):
		d["codex on PATH"] = first
		return check{Status: warn, Summary: "PATH leads to another codex", Details: d}.advise("Put %s before %s on PATH.", filepath.Dir(ours), filepath.Dir(first))
	}
	return check{Status: ok, Summary: "all programs are here", Details: d}
}

func same(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// search looks for ripgrep, which models like to call.
func search(_ context.Context, e *examination) check {
	path, err := install.LookPath("rg", e.p.Env.Get("PATH"))
	if err != nil {
		return check{Status: warn, Summary: "no rg on PATH"}.advise("Install ripgrep: models look for files with it.")
	}
	return check{Status: ok, Summary: "search is OK", Details: map[string]any{"search command": path}}
}

func terminal(_ context.Context, e *examination) check {
	get := e.p.Env.Get
	locale := ""
	if name, v := localeOf(e.p.Env); v != "" {
		locale = v + " (" + name + ")"
	}
	d := map[string]any{"TERM": get("TERM"), "effective locale": locale, "terminal size": fmt.Sprintf("%d columns", e.p.Columns),
		"stdin is terminal": fmt.Sprint(e.p.StdinTTY), "stdout is terminal": fmt.Sprint(e.p.StdoutTTY), "stderr is terminal": fmt.Sprint(e.p.StderrTTY)}
	if v := get("TERM_PROGRAM"); v != "" {
		d["terminal"] = v
	}
	switch {
	case e.p.StdoutTTY && (get("TERM") == "" || get("TERM") == "dumb"):
		return check{Status: warn, Summary: "the terminal can do nothing", Details: d}.advise("Set TERM.")
	case !utf8Locale(e.p.Env):
		return check{Status: warn, Summary: "the locale is not UTF-8", Details: d}.advise("Set LC_ALL to a UTF-8 locale, such as C.UTF-8.")
	}
	return check{Status: ok, Summary: "terminal is OK", Details: d}
}

// localeOf gives the variable that decides about characters, and its value.
func localeOf(env config.Env) (name, value string) {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env.Get(name); v != "" {
			return name, v
		}
	}
	return "", ""
}

// utf8Locale tells whether the locale has all characters; without one, we take it that it has.
func utf8Locale(env config.Env) bool {
	_, v := localeOf(env)
	v = strings.ToLower(v)
	return v == "" || strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
}

// state looks whether CODEX_HOME is there and can be written.
func state(_ context.Context, e *examination) check {
	from := "HOME"
	if e.p.Env.Get("CODEX_HOME") != "" {
		from = "CODEX_HOME"
	}
	if e.home == "" {
		_, err := config.Home(e.p.Env)
		return check{Status: fail, Summary: fmt.Sprint(err)}.advise("Set CODEX_HOME to a folder.")
	}
	d := map[string]any{"CODEX_HOME": e.home + " (from " + from + ")", "active rollout files": count(filepath.Join(e.home, "sessions"))}
	if _, err := os.Stat(e.home); errors.Is(err, os.ErrNotExist) {
		return check{Status: ok, Summary: "CODEX_HOME will be made", Details: d}
	}
	if err := writable(e.home); err != nil {
		return check{Status: fail, Summary: "CODEX_HOME cannot be written", Details: d}.advise("Sessions and logins are kept there: %v.", err)
	}
	sessions := filepath.Join(e.home, "sessions")
	switch _, err := os.ReadDir(sessions); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return check{Status: fail, Summary: "the sessions cannot be read", Details: d}.advise("%v.", err)
	default:
		if err := writable(sessions); err != nil {
			return check{Status: fail, Summary: "sessions cannot be written", Details: d}.advise("%v.", err)
		}
	}
	return check{Status: ok, Summary: "state paths are OK", Details: d}
}

// writable tries whether a file can be made in a folder.
func writable(dir string) error {
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	return err
}

// count says how many session files there are below a folder, and how large they are.
func count(dir string) string {
	n, size := 0, int64(0)
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error { // what cannot be read is not counted
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".jsonl") {
			return nil
		}
		if fi, err := d.Info(); err == nil {
			n++
			size += fi.Size()
		}
		return nil
	})
	return fmt.Sprintf("%d files, %d total bytes", n, size)
}

func settingsLoad(_ context.Context, e *examination) check {
	d := map[string]any{"CODEX_HOME": e.home}
	if e.broken != nil {
		text := e.broken.Error()
		if c := config.AsError(e.broken); c != nil {
			text = c.Short()
		}
		d["error"] = strings.Split(strings.TrimSpace(text), "\n")
		return check{Status: fail, Summary: "the settings cannot be read", Details: d}.advise("Mend what the error names; codex-config(5) lists the keys.")
	}
	cfg := e.cfg
	var files, on []string
	for _, l := range cfg.Layers {
		switch {
		case l.Disabled != "":
			files = append(files, l.Path+" ("+l.Disabled+")")
		case l.Found:
			files = append(files, l.Path)
		}
	}
	for _, f := range config.AllFeatures() {
		if cfg.Features.Enabled(f.Name) {
			on = append(on, f.Name)
		}
	}
	d["cwd"], d["log dir"] = cfg.Cwd, cfg.LogDir
	d["model"], d["model provider"], d["profile"] = cfg.Model, cfg.ProviderID, cfg.Profile
	d["trust"] = cfg.Trust
	d["enabled feature flags"] = strings.Join(on, ", ")
	if len(files) > 0 {
		d["files"] = files
	}
	if warnings := slices.Concat(cfg.Warnings, cfg.Unknown); len(warnings) > 0 {
		d["warnings"] = warnings
		return check{Status: warn, Summary: "config loaded, with warnings", Details: d}
	}
	return check{Status: ok, Summary: "config loaded", Details: d}
}

// rules has the rules files read as an engine does: one that is broken ends codex exec.
func rules(ctx context.Context, e *examination) check {
	if e.cfg == nil {
		return unread()
	}
	files, err := ruledir.Files(ruledir.Folders(e.cfg.Layers, false))
	if err != nil {
		return check{Status: fail, Summary: "the rules cannot be read"}.advise("%v.", err)
	}
	if len(files) == 0 {
		return check{Status: ok, Summary: "no rules files"}
	}
	d := map[string]any{"files": files}
	out, err := e.output(ctx, "codex-execpolicy", append([]string{"compile", "--"}, files...)...)
	if err != nil {
		return check{Status: fail, Summary: "the rules cannot be read", Details: d}.advise("%v.", err)
	}
	_, broken, err := execpolicy.ReadLines(bytes.NewReader(out))
	if err != nil {
		return check{Status: fail, Summary: "the rules cannot be read", Details: d}.advise("%v.", err)
	}
	if len(broken) > 0 {
		return check{Status: fail, Summary: broken[0].Error(), Details: d}.advise("Mend the file: codex exec does not begin with it.")
	}
	return check{Status: ok, Summary: fmt.Sprintf("%d rules files are read", len(files)), Details: d}
}

// credentials looks what goes to the provider, without showing it.
func credentials(ctx context.Context, e *examination) check {
	if e.cfg == nil {
		return unread()
	}
	p := e.cfg.Provider
	get := e.p.Env.Get
	d := map[string]any{"model provider": e.cfg.ProviderID, "auth storage mode": e.cfg.AuthStore, "auth file": auth.Path(e.home)}
	switch {
	case len(p.Command) > 0:
		return check{Status: ok, Summary: "the provider is a command", Details: d}
	case p.EnvKey != "":
		d["variable"] = p.EnvKey
		if strings.TrimSpace(get(p.EnvKey)) == "" {
			return check{Status: fail, Summary: p.EnvKey + " is not set", Details: d}.advise("The provider %s has its key in this variable.", e.cfg.ProviderID)
		}
		return check{Status: ok, Summary: "the key is in " + p.EnvKey, Details: d}
	case p.BearerToken != "":
		return check{Status: ok, Summary: "the key is in the settings", Details: d}
	case p.Auth != nil:
		d["command"] = p.Auth.Command
		return check{Status: ok, Summary: "a command gives the key", Details: d}
	}
	login, err := install.Find(e.p.Self, "codex-login", get("PATH"))
	if err != nil {
		login = "codex-login" // says why when it is needed
	}
	src := auth.Source{Home: e.home, Store: e.cfg.AuthStore, BaseURL: e.cfg.ChatGPTBaseURL, AllowKey: true, Env: e.p.Env, Program: login, Now: e.p.Now, Environ: e.p.Environ,
		Spare: !auth.Asks(e.cfg, &auth.Auth{})}
	a, err := src.Load(ctx)
	switch {
	case err != nil:
		return check{Status: fail, Summary: "the stored credential cannot be read", Details: d}.advise("%v", err)
	case a.FromEnv:
		return check{Status: ok, Summary: "the key is in the environment", Details: d}
	case (a.Bearer() != "" || a.Agent != nil) && (e.cfg.ProviderID == "openai" || p.RequiresOpenAIAuth):
		d["auth mode"] = a.Mode
		return check{Status: ok, Summary: "logged in", Details: d}
	case e.cfg.ProviderID != "openai" && !p.RequiresOpenAIAuth:
		return check{Status: ok, Summary: "the provider needs no credential", Details: d}
	case get("OPENAI_API_KEY") != "":
		return check{Status: fail, Summary: "no Codex credentials were found", Details: d}.advise("OPENAI_API_KEY is set, but only CODEX_API_KEY is read.")
	}
	return check{Status: fail, Summary: "no Codex credentials were found", Details: d}.advise("Run codex login, or set CODEX_API_KEY.")
}

// servers looks whether the programs of MCP servers are there.
func servers(_ context.Context, e *examination) check {
	if e.cfg == nil {
		return unread()
	}
	all := e.cfg.MCPServers()
	if len(all) == 0 {
		return check{Status: ok, Summary: "no MCP servers configured"}
	}
	d := map[string]any{}
	var bad []string
	for _, s := range all {
		switch {
		case !s.Enabled:
			d[s.Name] = "disabled"
		case s.Command == "":
			d[s.Name] = "elsewhere"
		default:
			path, err := install.LookPath(s.Command, e.p.Env.Get("PATH"))
			if err != nil {
				bad = append(bad, s.Name)
				path = "not found: " + s.Command
			}
			d[s.Name] = path
		}
	}
	if len(bad) > 0 {
		slices.Sort(bad)
		return check{Status: fail, Summary: "cannot start: " + strings.Join(bad, ", "), Details: d}.advise("Install their programs, or set enabled = false.")
	}
	return check{Status: ok, Summary: fmt.Sprintf("%d MCP servers configured", len(all)), Details: d}
}

// output runs a program of the suite that answers at once.
func (e *examination) output(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := install.Find(e.p.Self, name, e.p.Env.Get("PATH"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.WaitDelay = e.p.Environ, time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

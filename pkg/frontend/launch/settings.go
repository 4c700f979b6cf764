// Package launch is how a frontend that runs an engine begins: the options that it and its
// engine both understand, the settings that these mean, and the processes to start.
//
// Frontend layer: it imports cli, config, jsonrpc, ostext and shellwords.
package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"codex/pkg/cli/install"
	"codex/pkg/cli/options"
	"codex/pkg/config"
	"codex/pkg/ostext"
)

// Settings are the options of a session: those with which config.toml is read, and what
// else every frontend with an engine has.
type Settings struct {
	Config, Enable, Disable           []string
	StrictConfig                      bool
	Model, LocalProvider              string
	OSS                               bool
	Profile, ProfileV2                string
	Sandbox                           string
	FullAuto, Bypass, BypassHookTrust bool
	Search                            bool
	Dir                               string
	AddDirs                           []string

	Images []string
	Turn   string // engine command
}

// Options are the rows of the settings that the engine understands too. Names of values
// are the original's, as they show in its error texts.
func (s *Settings) Options() []options.Row {
	return []options.Row{
		options.New("-c --config", "key=value", "set a key of config.toml for this run", options.List(&s.Config)).Passed().Many().Lenient(),
		options.New("--enable", "FEATURE", "switch a feature on", options.List(&s.Enable)).Passed().Many().Lenient(),
		options.New("--disable", "FEATURE", "switch a feature off", options.List(&s.Disable)).Passed().Many().Lenient(),
		options.New("--strict-config", "", "refuse unknown keys in config.toml", options.Flag(&s.StrictConfig)).Passed(),
		options.New("-m --model", "MODEL", "model to use", options.Text(&s.Model)).Passed(),
		options.New("--oss", "", "use a local provider", options.Flag(&s.OSS)).Passed(),
		options.New("--local-provider", "OSS_PROVIDER", "which local provider --oss means", options.Text(&s.LocalProvider)).Passed(),
		options.New("-p --profile", "CONFIG_PROFILE", "profile from config.toml", options.Text(&s.Profile)).Passed(),
		options.New("--profile-v2", "CONFIG_PROFILE_V2", "read NAME.config.toml on top of config.toml", s.profileV2).Passed().Lenient(),
		options.New("-s --sandbox", "SANDBOX_MODE", "what commands may do", options.Text(&s.Sandbox)).Passed().
			Pick("read-only", "workspace-write", "danger-full-access"),
		options.New("--full-auto", "", "old name of -s workspace-write", options.Flag(&s.FullAuto)).Passed().Hide(),
		options.New("--dangerously-bypass-approvals-and-sandbox --yolo", "", "no questions, no sandbox", options.Flag(&s.Bypass)).Passed(),
		options.New("--dangerously-bypass-hook-trust", "", "run hooks that nobody has trusted", options.Flag(&s.BypassHookTrust)).Passed(),
		options.New("--search", "", "let the model search the web", options.Flag(&s.Search)).Passed(),
		options.New("-C --cd", "DIR", "work in DIR", options.Text(&s.Dir)).Passed(),
		options.New("--add-dir", "DIR", "further folder that may be written", options.List(&s.AddDirs)).Passed().Many(),
	}
}

func (s *Settings) profileV2(v string) error {
	if !config.PlainName(v) {
		return fmt.Errorf("invalid --profile-v2 value `%s`; pass a plain name such as `work`", v)
	}
	s.ProfileV2 = v
	return nil
}

// Image is the row of -i. It takes further words while greedy says so, which may be nil.
func (s *Settings) Image(greedy func() bool) options.Row {
	return options.New("-i --image", "FILE", "attach images to the prompt", func(v string) error {
		names := strings.Split(v, ",")
		if slices.Contains(names, "") {
			return errors.New("a file without a name")
		}
		s.Images = append(s.Images, names...)
		return nil
	}).Greedy(greedy)
}

// Engine is the row of --turn.
func (s *Settings) Engine() options.Row {
	return options.New("--turn", "COMMAND", "engine to use instead of codex-turn", options.Text(&s.Turn))
}

// Load reads the settings. What the options do not say is in o; they add the rest.
func (s *Settings) Load(ctx context.Context, self string, o config.Options) (*config.Config, error) {
	var err error
	if o.Cwd, err = s.folder(o.Env.Cwd); err != nil {
		return nil, err
	}
	o.Overrides, o.Enable, o.Disable, o.Strict = s.Config, s.Enable, s.Disable, s.StrictConfig
	o.Profile, o.ProfileV2 = s.Profile, s.ProfileV2
	o.Model, o.OSS, o.LocalProvider = s.Model, s.OSS, s.LocalProvider
	o.Sandbox, o.FullAuto, o.Bypass, o.AddDirs = s.Sandbox, s.FullAuto, s.Bypass, s.AddDirs
	if s.Search {
		o.WebSearch = "live"
	}
	o.Program = install.Own(self)
	return config.Load(ctx, o)
}

// folder is where the session works: cwd, or the folder of --cd, by its real name.
func (s *Settings) folder(cwd string) (string, error) {
	if s.Dir == "" {
		return cwd, nil
	}
	dir := from(cwd, s.Dir)
	fi, err := os.Stat(dir)
	if err == nil && !fi.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return "", fmt.Errorf("work in %s: %s", s.Dir, ostext.Of(err))
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return dir, nil
}

// ImagePaths gives the files of -i, which are named from where the program was started.
func (s *Settings) ImagePaths(cwd string) []string {
	images := make([]string, len(s.Images))
	for i, name := range s.Images {
		images[i] = from(cwd, name)
	}
	return images
}

// from is a path that is named from a folder.
func from(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

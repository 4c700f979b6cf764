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
func (s *Settings) Options() []Option {
	return []Option{
		New("-c --config", "key=value", "set a key of config.toml for this run", List(&s.Config)).Passed().Many().Lenient(),
		New("--enable", "FEATURE", "switch a feature on", List(&s.Enable)).Passed().Many().Lenient(),
		New("--disable", "FEATURE", "switch a feature off", List(&s.Disable)).Passed().Many().Lenient(),
		New("--strict-config", "", "refuse unknown keys in config.toml", Flag(&s.StrictConfig)).Passed(),
		New("-m --model", "MODEL", "model to use", Text(&s.Model)).Passed(),
		New("--oss", "", "use a local provider", Flag(&s.OSS)).Passed(),
		New("--local-provider", "OSS_PROVIDER", "which local provider --oss means", Text(&s.LocalProvider)).Passed(),
		New("-p --profile", "CONFIG_PROFILE", "profile from config.toml", Text(&s.Profile)).Passed(),
		New("--profile-v2", "CONFIG_PROFILE_V2", "read NAME.config.toml on top of config.toml", s.profileV2).Passed().Lenient(),
		New("-s --sandbox", "SANDBOX_MODE", "what commands may do", Text(&s.Sandbox)).Passed().
			Pick("read-only", "workspace-write", "danger-full-access"),
		New("--full-auto", "", "old name of -s workspace-write", Flag(&s.FullAuto)).Passed().Hide(),
		New("--dangerously-bypass-approvals-and-sandbox --yolo", "", "no questions, no sandbox", Flag(&s.Bypass)).Passed(),
		New("--dangerously-bypass-hook-trust", "", "run hooks that nobody has trusted", Flag(&s.BypassHookTrust)).Passed(),
		New("--search", "", "let the model search the web", Flag(&s.Search)).Passed(),
		New("-C --cd", "DIR", "work in DIR", Text(&s.Dir)).Passed(),
		New("--add-dir", "DIR", "further folder that may be written", List(&s.AddDirs)).Passed().Many(),
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
func (s *Settings) Image(greedy func() bool) Option {
	o := New("-i --image", "FILE", "attach images to the prompt", func(v string) error {
		names := strings.Split(v, ",")
		if slices.Contains(names, "") {
			return errors.New("a file without a name")
		}
		s.Images = append(s.Images, names...)
		return nil
	})
	o.greedy = greedy
	return o
}

// Engine is the row of --turn.
func (s *Settings) Engine() Option {
	return New("--turn", "COMMAND", "engine to use instead of codex-turn", Text(&s.Turn))
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

// Package change has git change a work tree that strangers may have written, because the
// user asked for that: git runs in codex-sandbox, where it can write the repository and what
// the user named, nothing else, and has no network; what the repository names to be run is
// switched off.
//
// Ground layer; it imports auth, foreign and git/untrusted.
package change

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/foreign"
	"codex/pkg/git/untrusted"
)

// Tree is a work tree. Open makes one.
type Tree struct {
	Top    string // its root
	Prefix string // of the folder that it was found from: "", or with a slash at the end

	o     Options
	start []string // argv up to git's own words
}

// Options say how git is run.
type Options struct {
	Sandbox string // file of codex-sandbox; "" where the user's commands are confined to nothing
	Git     string // file of git
	Environ []string
	Dir     string   // in the work tree
	Write   []string // folders that may be written besides
}

const (
	mostTime   = 30 * time.Second // for a question
	mostChange = 30 * time.Minute // for a change
)

// maxOutput bounds what is kept of git's words.
const maxOutput = 1 << 20

// Open finds the work tree of a folder.
func Open(ctx context.Context, o Options) (*Tree, error) {
	t := &Tree{o: o}
	if err := t.confine(nil); err != nil {
		return nil, err
	}
	// git waits for ever for somebody to write a FIFO that stands in the place of one of its
	// files; a change may take its time.
	ctx, cancel := context.WithTimeoutCause(ctx, mostTime, fmt.Errorf("no answer within %s", mostTime))
	defer cancel()
	out, said, err := t.Run(ctx, "", "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir", "--show-prefix")
	if err != nil {
		return nil, fmt.Errorf("find the work tree: %w%s", err, detail(said))
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 4 {
		return nil, errors.New("find the work tree: a name in it has more than one line")
	}
	if !filepath.IsAbs(lines[2]) {
		lines[2] = filepath.Join(o.Dir, lines[2])
	}
	t.Top, t.Prefix, t.o.Dir = lines[0], lines[3], lines[0]
	filters, said, err := t.Run(ctx, "", untrusted.AskFilters()...)
	var ended *exec.ExitError
	if err != nil && !(errors.As(err, &ended) && ended.ExitCode() == untrusted.NoFilters) {
		return nil, fmt.Errorf("look for filters of git: %w%s", err, detail(said))
	}
	off, err := untrusted.WithoutFilters(filters)
	if err != nil {
		return nil, err
	}
	if err := t.confine(slices.Concat(lines[:3], o.Write)); err != nil {
		return nil, err
	}
	t.start = append(t.start, off...)
	return t, nil
}

// confine says what git may write from now on.
func (t *Tree) confine(write []string) error {
	git := slices.Concat([]string{t.o.Git}, untrusted.Options())
	if t.o.Sandbox == "" {
		t.start = git
		return nil
	}
	places := map[string]string{}
	for _, dir := range write {
		places[filepath.Clean(dir)] = "write"
		places[filepath.Join(dir, ".git")] = "write" // else protected, as everywhere
	}
	var table strings.Builder
	for dir, access := range places {
		name, err := json.Marshal(dir) // a string of TOML as well
		if err != nil {
			return fmt.Errorf("confine git: %w", err)
		}
		if table.Len() > 0 {
			table.WriteString(", ")
		}
		fmt.Fprintf(&table, "%s=%q", name, access)
	}
	t.start = slices.Concat([]string{t.o.Sandbox, "-c", `default_permissions="git"`,
		"-c", fmt.Sprintf(`permissions.git={extends=":read-only", filesystem={%s}}`, table.String()), "--"}, git)
	return nil
}

// Run runs git at the root of the work tree, and gives what it wrote. The error of one that
// ran is an *exec.ExitError.
func (t *Tree) Run(ctx context.Context, input string, args ...string) (stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, mostChange)
	defer cancel()
	argv := slices.Concat(t.start, args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	out, errs := foreign.Output{Max: maxOutput}, foreign.Output{Max: maxOutput}
	cmd.Dir, cmd.Env = t.o.Dir, environ(t.o.Environ)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	cmd.WaitDelay = time.Second
	if err = cmd.Run(); err != nil && ctx.Err() != nil { // what is done is done
		err = context.Cause(ctx)
	}
	return out.String(), errs.String(), err
}

// environ is the environment of git: without secrets, and without what would lead it
// elsewhere.
func environ(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(auth.WithoutSecrets(env)), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(untrusted.Foreign(), name)
	})
	for name, value := range untrusted.Environment() {
		env = append(env, name+"="+value)
	}
	return env
}

func detail(said string) string {
	if said = strings.TrimSpace(said); said != "" {
		return ": " + said
	}
	return ""
}

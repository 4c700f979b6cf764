package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// order is what the command line asks for.
type order struct {
	out, url, bin, build, epoch string
	key, password               string // of the publisher
	targets, skip               []string
}

// release is one release in the making. Folders are absolute.
type release struct {
	order
	root     string   // of the work tree
	work     string   // scratch, gone at the end
	programs []string // names of all programs
	version  string   // as codex --version prints it: 0.133.0+unix.4f2c1aa
	when     time.Time
	host     string            // programs for this machine
	scripts  map[string][]byte // completions by file name
}

// pack makes a whole release. What is in place is whole; the file latest comes last.
func pack(ctx context.Context, o order) (err error) {
	wanted, err := check(&o)
	if err != nil {
		return err
	}
	r := &release{order: o}
	if r.root, err = os.Getwd(); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp("", "codex-pack-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work)) }()
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	archives := map[string]string{} // checksums by target, for the formula
	for _, t := range wanted {
		fmt.Fprintf(os.Stderr, "pack: %s for %s\n", r.version, t)
		if archives[t.String()], err = r.target(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	if !r.skips("npm") {
		if err := r.npmChooser(wanted); err != nil {
			return fmt.Errorf("npm package: %w", err)
		}
	}
	if !r.skips("brew") {
		if err := r.formula(wanted, archives); err != nil {
			return fmt.Errorf("formula: %w", err)
		}
	}
	return r.publish()
}

// check refuses what cannot work before anything is built.
func check(o *order) ([]target, error) {
	var wanted []target
	for _, name := range o.targets {
		if o.bin != "" {
			name = runtime.GOOS + "/" + runtime.GOARCH
		}
		t, err := find(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(wanted, t) {
			wanted = append(wanted, t)
		}
	}
	for _, kind := range o.skip {
		if !slices.Contains([]string{"deb", "rpm", "npm", "brew"}, kind) {
			return nil, fmt.Errorf("-skip %s: there is deb, rpm, npm and brew", kind)
		}
	}
	if o.build == "" && o.bin == "" {
		return nil, errors.New("BUILD is not set: run make dist, or give programs with -bin")
	}
	if o.url != "" && !regexp.MustCompile(`^https?://[0-9A-Za-z._~:/%+@-]+$`).MatchString(o.url) {
		return nil, fmt.Errorf("-url %s is no http(s) address", o.url)
	}
	o.url = strings.TrimSuffix(o.url, "/")
	for _, dir := range []*string{&o.out, &o.bin} {
		if *dir == "" {
			continue
		}
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return nil, err
		}
		*dir = abs
	}
	return wanted, nil
}

func (r *release) skips(kind string) bool { return slices.Contains(r.skip, kind) }

// prepare finds out what is the same for all targets.
func (r *release) prepare(ctx context.Context) error {
	mains, err := filepath.Glob(filepath.Join(r.root, "cmd", "*", "main.go"))
	if err != nil || len(mains) == 0 {
		return fmt.Errorf("no programs in %s: this runs at the top of the work tree", filepath.Join(r.root, "cmd"))
	}
	for _, path := range mains {
		r.programs = append(r.programs, filepath.Base(filepath.Dir(path)))
	}
	if r.when, err = commitTime(ctx, r.epoch); err != nil {
		return err
	}
	if r.host, err = r.built(ctx, target{os: runtime.GOOS, arch: runtime.GOARCH}); err != nil {
		return err
	}
	said, err := output(ctx, filepath.Join(r.host, "codex"), "--version")
	if err != nil {
		return err
	}
	words := strings.Fields(string(said))
	if len(words) != 2 || !regexp.MustCompile(`^[0-9][0-9A-Za-z.+-]*$`).MatchString(words[1]) {
		return fmt.Errorf("codex --version printed %q, not a name and a version", said)
	}
	r.version = words[1]
	daemon, err := os.ReadFile(filepath.Join(r.host, "codex-daemon"))
	if err != nil {
		return err
	}
	if err := r.checkKey(daemon); err != nil {
		return err
	}
	r.scripts = map[string][]byte{}
	for shell, name := range map[string]string{"bash": "codex.bash", "zsh": "_codex", "fish": "codex.fish"} {
		if r.scripts[name], err = output(ctx, filepath.Join(r.host, "codex"), "completion", shell); err != nil {
			return err
		}
	}
	return nil
}

// built gives the folder of the programs for t, building them unless they were given.
func (r *release) built(ctx context.Context, t target) (string, error) {
	if r.bin != "" {
		return r.bin, nil
	}
	dir := filepath.Join(r.work, "bin", t.os, t.arch)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", r.build+` -o "$1" ./cmd/...`, "sh", dir+string(filepath.Separator))
	cmd.Env = append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build programs: %w", err)
	}
	return dir, nil
}

// target makes everything for one target and gives the checksum of its archive.
func (r *release) target(ctx context.Context, t target) (string, error) {
	entries, err := r.tree(ctx, t)
	if err != nil {
		return "", err
	}
	name := "codex-" + r.version + "-" + t.triple
	bom := entries[slices.IndexFunc(entries, func(e entry) bool { return e.name == "sbom.cdx.json" })]
	if err := r.place(name+".cdx.json", bom.data); err != nil {
		return "", err
	}
	kinds := []struct {
		name string
		make func() error
	}{
		{"archive", func() error { return r.archive(name+".tar.gz", name, entries) }},
		{"npm", func() error { return r.npmPrograms(t, entries) }},
		{"deb", func() error { return r.system(ctx, t, "deb", entries) }},
		{"rpm", func() error { return r.system(ctx, t, "rpm", entries) }},
	}
	failed := make([]error, len(kinds))
	var all sync.WaitGroup // each of them compresses everything, on one processor
	for i, k := range kinds {
		if r.skips(k.name) || t.os != "linux" && (k.name == "deb" || k.name == "rpm") {
			continue
		}
		all.Go(func() {
			if err := k.make(); err != nil {
				failed[i] = fmt.Errorf("%s: %w", k.name, err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return "", err
	}
	return sum(filepath.Join(r.out, name+".tar.gz"))
}

// base gives the version of the original that this release is like, and the revision.
func (r *release) base() (compat, revision string) {
	compat, revision, _ = strings.Cut(r.version, "+unix.")
	return compat, revision
}

// stamp is the time of the release as a number that grows: revisions have no order, so
// that package managers could not tell which one is newer.
func (r *release) stamp() string { return r.when.Format("20060102150405") }

// commitTime is SOURCE_DATE_EPOCH, or when the last commit was made.
func commitTime(ctx context.Context, epoch string) (time.Time, error) {
	if epoch == "" {
		out, err := output(ctx, "git", "log", "-1", "--format=%ct")
		if err != nil {
			return time.Time{}, fmt.Errorf("find the time of the last commit (SOURCE_DATE_EPOCH is not set): %w", err)
		}
		epoch = string(bytes.TrimSpace(out))
	}
	sec, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q is no number of seconds", epoch)
	}
	return time.Unix(sec, 0).UTC(), nil
}

// output runs a command and gives what it prints.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

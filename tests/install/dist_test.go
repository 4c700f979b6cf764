//go:build !race

package install

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// packer is the program behind make dist.
func packer(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pack")
	cmd := exec.Command("go", "build", "-o", path, "./dist/pack")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// pack makes a release of the programs in bin, for this machine.
func pack(t *testing.T, packer, bin string, args ...string) {
	t.Helper()
	packed(t, exec.Command(packer, append([]string{"-bin", bin}, args...)...))
}

// packed runs a packer.
func packed(t *testing.T, cmd *exec.Cmd, env ...string) {
	t.Helper()
	cmd.Dir = "../.."
	cmd.Env = append(append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000"), env...)
	if r := finish(t, cmd); r.status != 0 {
		t.Fatalf("%+v", r)
	}
}

// said runs a program that must succeed and gives what it prints.
func said(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	r := finish(t, cmd)
	if r.status != 0 {
		t.Fatalf("%s %q: %+v", name, args, r)
	}
	return r.stdout
}

// TestDist packs the real programs and goes through what can be made of them.
func TestDist(t *testing.T) {
	tool, dir := packer(t), t.TempDir()
	pack(t, tool, binaries, "-out", dir, "-skip", "deb,rpm")
	version := strings.TrimSpace(read(t, filepath.Join(dir, "latest")))
	if got := said(t, nil, filepath.Join(binaries, "codex"), "--version"); got != "codex-cli "+version+"\n" {
		t.Fatalf("latest is %s, codex says %s", version, got)
	}
	name := "codex-" + version + "-" + triple()
	said(t, nil, "sh", "-c", `cd "$0" && sha256sum -c SHA256SUMS install.sh.sha256`, dir)

	t.Run("again", func(t *testing.T) {
		t.Parallel()
		other := t.TempDir()
		skip := "npm,deb,rpm"
		if _, err := exec.LookPath("dpkg-deb"); err == nil && runtime.GOOS == "linux" && !testing.Short() {
			skip = "npm" // nfpm is built for it first
		}
		packed(t, exec.Command("sh", "-c", `umask 077; exec "$@"`, "sh", tool, "-bin", binaries, "-out", other, "-skip", skip, "-url", "https://example.org/codex/"), "TZ=Asia/Tokyo")
		if skip == "npm" {
			t.Run("system", func(t *testing.T) { system(t, other) })
		}
		for _, file := range []string{name + ".tar.gz", name + ".cdx.json"} {
			if read(t, filepath.Join(dir, file)) != read(t, filepath.Join(other, file)) {
				t.Errorf("%s is not the same twice", file)
			}
		}
		if text := read(t, filepath.Join(other, "install.sh")); !strings.Contains(text, "\ndefault_base=https://example.org/codex\n") {
			t.Error("install.sh does not have the address of the release")
		}
		formula := read(t, filepath.Join(other, "codex-unix.rb"))
		sum, _, _ := strings.Cut(grep(read(t, filepath.Join(dir, "SHA256SUMS")), name+".tar.gz"), " ")
		for _, want := range []string{`url "https://example.org/codex/` + strings.ReplaceAll(name, "+", "%2B") + `.tar.gz"`, `sha256 "` + sum + `"`, `version "` + version + `"`} {
			if !strings.Contains(formula, want) {
				t.Errorf("no %s in\n%s", want, formula)
			}
		}
	})
	t.Run("contents", func(t *testing.T) { t.Parallel(); contents(t, dir, name) })
	t.Run("npm", func(t *testing.T) { t.Parallel(); npm(t, dir, version) })
	t.Run("install", func(t *testing.T) { t.Parallel(); frontDoor(t, tool, dir, version) }) // adds to dir
}

func grep(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}

// contents looks into the archive and its bill of materials.
func contents(t *testing.T, dir, name string) {
	tree := filepath.Join(t.TempDir(), name)
	said(t, nil, "tar", "-xzf", filepath.Join(dir, name+".tar.gz"), "-C", filepath.Dir(tree))
	said(t, nil, "sh", "-c", `cd "$0" && sha256sum -c SHA256SUMS`, tree)
	for _, file := range []string{"LICENSE", "README.md", "THIRD-PARTY-NOTICES", "completions/_codex", "completions/codex.bash", "completions/codex.fish",
		"man/man1/codex.1", "man/man5/codex-protocol.5", "man/man7/codex-differences.7", "codex-path/applypatch", "sbom.cdx.json"} {
		if fi, err := os.Stat(filepath.Join(tree, file)); err != nil || fi.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	mains, err := filepath.Glob("../../cmd/*")
	if err != nil || len(mains) == 0 {
		t.Fatal(mains, err)
	}
	type license struct {
		License    struct{ ID string }
		Expression string
	}
	var bom struct {
		BOMFormat, SpecVersion string
		Components             []struct {
			Type, Name, Version, PURL string
			Ref                       string `json:"bom-ref"`
			Licenses                  []license
		}
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, name+".cdx.json"))), &bom); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"codex": true}
	for _, c := range bom.Components {
		known[c.Ref] = true
		if c.Version == "" || len(c.Licenses) != 1 || c.Licenses[0] == (license{}) || (c.Type == "library") != (c.PURL != "") {
			t.Errorf("component %+v", c)
		}
	}
	for _, d := range bom.Dependencies {
		for _, ref := range append(d.DependsOn, d.Ref) {
			if !known[ref] {
				t.Errorf("%s depends on %s, which is no component", d.Ref, ref)
			}
		}
	}
	for _, dir := range mains {
		program := filepath.Base(dir)
		if fi, err := os.Stat(filepath.Join(tree, program)); err != nil || fi.Mode() != 0o755 {
			t.Errorf("%s: %v %v", program, fi, err)
		}
		if !known["program:"+program] {
			t.Errorf("%s has no component", program)
		}
	}
}

// system looks into the .deb and the .rpm, and runs what is in the first.
func system(t *testing.T, dir string) {
	version := strings.TrimSpace(read(t, filepath.Join(dir, "latest")))
	compat, revision, _ := strings.Cut(version, "+unix.")
	version = compat + "+unix.20231114221320." + strings.ReplaceAll(revision, "-", ".") // sorts by time
	deb := filepath.Join(dir, "codex-unix_"+version+"_"+runtime.GOARCH+".deb")
	if got := said(t, nil, "dpkg-deb", "-f", deb, "Package", "Version"); got != "Package: codex-unix\nVersion: "+version+"\n" {
		t.Errorf("%q", got)
	}
	root := t.TempDir()
	said(t, nil, "dpkg-deb", "-x", deb, root)
	want, got := said(t, nil, filepath.Join(binaries, "codex"), "--version"), said(t, nil, filepath.Join(root, "usr/bin/codex"), "--version")
	if want != got {
		t.Errorf("%q, want %q", got, want)
	}
	said(t, nil, filepath.Join(root, "usr/libexec/codex/codex-path/applypatch"), "--version")
	pipelines(t, filepath.Join(root, "usr/bin/codex"))
	for _, file := range []string{"usr/bin/codex-turn", "usr/share/man/man1/codex.1.gz", "usr/share/man/man5/codex-protocol.5.gz", "usr/share/doc/codex-unix/copyright",
		"usr/share/bash-completion/completions/codex", "usr/share/zsh/vendor-completions/_codex", "usr/share/fish/vendor_completions.d/codex.fish"} {
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Error(err)
		}
	}
	if _, err := exec.LookPath("rpm"); err != nil {
		return
	}
	rpm := filepath.Join(dir, "codex-unix_"+version+"_"+map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]+".rpm")
	list := strings.Fields(said(t, []string{"HOME=" + dir}, "rpm", "-qlp", rpm))
	for _, file := range []string{"/usr/bin/codex", "/usr/libexec/codex/codex-path/applypatch", "/usr/share/man/man1/codex.1.gz", "/usr/share/zsh/site-functions/_codex"} {
		if !slices.Contains(list, file) {
			t.Errorf("no %s in %q", file, list)
		}
	}
	for _, shared := range []string{"/usr", "/usr/bin", "/usr/share/man"} { // of the package filesystem
		if slices.Contains(list, shared) {
			t.Errorf("the package owns %s", shared)
		}
	}
}

// npm installs both packages offline and runs what npm puts on PATH.
func npm(t *testing.T, dir, version string) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip(err)
	}
	packages, err := filepath.Glob(filepath.Join(dir, "codex-unix-*.tgz"))
	if err != nil || len(packages) != 2 {
		t.Fatal(packages, err)
	}
	prefix := filepath.Join(t.TempDir(), "a prefix")
	home := []string{"HOME=" + t.TempDir(), "npm_config_cache=" + t.TempDir(), "npm_config_update_notifier=false"}
	said(t, home, "npm", append([]string{"install", "--global", "--offline", "--ignore-scripts", "--prefix", prefix}, packages...)...)
	codex := filepath.Join(prefix, "bin", "codex")
	// Neither Node nor npm is needed to run it.
	path := []string{"PATH=" + tools(t, nil, nil)}
	if got := said(t, path, codex, "--version"); got != "codex-cli "+version+"\n" {
		t.Errorf("%q", got)
	}
	if got := said(t, path, codex, "turn", "--version"); !strings.HasPrefix(got, "codex-turn ") {
		t.Errorf("%q", got)
	}
	pipelines(t, codex)
	// A link to the link, and one that leads there by another way.
	other := filepath.Join(t.TempDir(), "codex")
	if err := os.Symlink(codex, other); err != nil {
		t.Fatal(err)
	}
	if got := said(t, path, other, "--version"); got != "codex-cli "+version+"\n" {
		t.Errorf("%q", got)
	}
	patches, err := filepath.Glob(filepath.Join(prefix, "lib/node_modules/*/vendor/*/codex-path/apply*patch"))
	if err != nil || len(patches) != 2 {
		t.Error(patches, err)
	}
	for _, patch := range patches {
		if got := said(t, path, patch, "--version"); !strings.HasPrefix(got, "apply_patch ") {
			t.Errorf("%s: %q", patch, got)
		}
	}
	// In a project it is found as well, above the package or inside.
	programs := filepath.Join(prefix, "lib/node_modules/codex-unix-"+map[string]string{"linux": "linux-", "darwin": "darwin-"}[runtime.GOOS]+map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH])
	project := t.TempDir()
	launcher := filepath.Join(project, "node_modules/tool/node_modules/codex-unix/bin/codex")
	write(t, launcher, read(t, codex))
	if err := os.Chmod(launcher, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{"node_modules", "node_modules/tool/node_modules", "node_modules/tool/node_modules/codex-unix/node_modules"} {
		link := filepath.Join(project, place, filepath.Base(programs))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(programs, link); err != nil {
			t.Fatal(err)
		}
		if got := said(t, path, launcher, "--version"); got != "codex-cli "+version+"\n" {
			t.Errorf("%s: %q", place, got)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(launcher)
	cmd.Env = path
	if r := finish(t, cmd); r.status != 1 || !strings.Contains(r.stderr, "is not installed: npm install -g codex-unix") {
		t.Errorf("%+v", r)
	}
}

// frontDoor installs the real programs, upgrades them, and removes them again.
func frontDoor(t *testing.T, tool, dir, version string) {
	// The next version differs in its dispatcher only.
	next := t.TempDir()
	if err := os.CopyFS(next, binariesOnly{os.DirFS(binaries)}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-X codex/pkg/cli/version.Version=next", "-o", filepath.Join(next, "codex"), "./cmd/codex")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if r := finish(t, cmd); r.status != 0 {
		t.Fatalf("%+v", r)
	}

	u := newUser(t)
	before := snapshot(t, u.home)
	// A copy of the installer that lies among the releases needs no address.
	cmd = u.command()
	cmd.Args[1] = filepath.Join(dir, "install.sh")
	if r := finish(t, cmd); r.status != 0 || r.stdout != "codex-cli "+version+"\n" {
		t.Fatalf("%+v", r)
	}
	u.has(version)
	codex := u.path(".local/bin/codex")
	env := []string{"HOME=" + u.home}
	if got := said(t, env, codex, "turn", "--version"); !strings.HasPrefix(got, "codex-turn ") {
		t.Errorf("%q", got)
	}
	if got, want := said(t, env, codex, "completion", "bash"), read(t, u.path(".codex/packages/standalone/current/completions/codex.bash")); got != want {
		t.Error("completions differ from what the programs say")
	}
	for link, want := range map[string]string{"man/man1/codex.1": "man/man1/codex.1", "man/man7/codex-differences.7": "man/man7/codex-differences.7",
		"bash-completion/completions/codex": "completions/codex.bash", "zsh/site-functions/_codex": "completions/_codex", "fish/vendor_completions.d/codex.fish": "completions/codex.fish"} {
		if read(t, u.path(".local/share/"+link)) != read(t, u.path(".codex/packages/standalone/current/"+want)) {
			t.Errorf("%s is not %s of the release", link, want)
		}
	}
	pack(t, tool, next, "-out", dir, "-skip", "npm,deb,rpm")
	web := serve(t, &shop{t, dir})
	newer := strings.TrimSpace(read(t, filepath.Join(dir, "latest")))
	if newer == version {
		t.Fatal(newer)
	}
	u.ok(newer, "--from", web.URL)
	u.has(newer)
	u.ok(version, "--from", web.URL, "--release", version)
	u.has(version)
	pipelines(t, codex)
	daemon(t, u, codex, env)
	u.ok("", "--uninstall")
	same(t, before, snapshot(t, u.home))
}

// pipelines runs those of README.md with a codex that was installed somehow.
func pipelines(t *testing.T, codex string) {
	t.Helper()
	cmd := exec.Command("go", "test", "-count=1", "-run", "^TestReadme$", "./tests")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CODEX_BIN="+binaries, "CODEX_ON_PATH="+codex)
	if r := finish(t, cmd); r.status != 0 || !strings.Contains(r.stdout, "ok") {
		t.Errorf("the pipelines with %s: %+v", codex, r)
	}
}

// TestMakeInstall installs what make has built.
func TestMakeInstall(t *testing.T) {
	built, err := filepath.Abs("../../bin")
	if err != nil || built != binaries {
		t.Skip("the programs under test are not those that make has built")
	}
	root := t.TempDir()
	cmd := exec.Command("make", "-o", "build", "install", "PREFIX="+filepath.Join(root, "a prefix"))
	cmd.Dir = "../.."
	if r := finish(t, cmd); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	pipelines(t, filepath.Join(root, "a prefix", "bin", "codex"))
	for _, file := range []string{"share/man/man1/codex.1", "share/man/man7/codex-differences.7", "share/bash-completion/completions/codex", "libexec/codex/codex-path/applypatch"} {
		if fi, err := os.Stat(filepath.Join(root, "a prefix", file)); err != nil || fi.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// daemon starts an app-server and its updater, which the uninstall after it must end.
func daemon(t *testing.T, u *user, codex string, env []string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(binaries, "codex-daemon")); errors.Is(err, fs.ErrNotExist) {
		return
	}
	said(t, env, codex, "app-server", "daemon", "bootstrap")
	var pids []int
	for _, name := range []string{"app-server.pid", "app-server-updater.pid"} {
		record := read(t, u.path(".codex/app-server-daemon/"+name))
		number := regexp.MustCompile(`"pid":(\d+)`).FindStringSubmatch(record)
		if number == nil {
			t.Fatalf("%s: %q", name, record)
		}
		pid, err := strconv.Atoi(number[1])
		if err != nil || syscall.Kill(pid, 0) != nil {
			t.Fatalf("%s: no process %s", name, number[1])
		}
		pids = append(pids, pid)
	}
	t.Cleanup(func() {
		for _, pid := range pids {
			// A zombie answers, where nobody reaps; what it ran is gone.
			if line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); err == nil && len(line) > 0 {
				t.Errorf("process %d still runs: %q", pid, line)
				_ = syscall.Kill(pid, syscall.SIGKILL) // for the machine's sake
			}
		}
	})
}

// binariesOnly hides everything but plain files at the top.
type binariesOnly struct{ fs.FS }

func (b binariesOnly) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(b.FS, name)
	return slices.DeleteFunc(list, func(e fs.DirEntry) bool { return !e.Type().IsRegular() || e.Name() == "codex" }), err
}

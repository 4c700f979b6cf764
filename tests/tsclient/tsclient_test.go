package tsclient

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"codex/tests/node"
	"codex/tests/programs"
)

// TestGeneratedTypes compiles a client strictly against the generated types, and runs it.
func TestGeneratedTypes(t *testing.T) {
	modules := node.Modules(t, "provider.mjs")
	dir := t.TempDir()
	for _, name := range []string{"client.ts", "drive.ts", "tsconfig.json", "package.json"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(b))
	}
	if err := os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	server := filepath.Join(binaries, "codex-app-server")
	for _, args := range [][]string{
		{server, "generate-ts", "--experimental", "--out", "gen"},
		{"node", filepath.Join(modules, "node_modules", "typescript", "bin", "tsc"), "-p", "."},
	} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	checks(t, 28, `{"msg":"Hello from the model.","when":"say hello"}
{"items":[{"call":"exec_command","args":{"cmd":"echo ran","sandbox_permissions":"require_escalated","justification":"j"}}],"when":"run it"}
{"msg":"It ran.","when":"run it"}
{"items":[{"call":"exec_command","args":{"cmd":"echo other","sandbox_permissions":"require_escalated","justification":"j"}}],"when":"run the other"}
{"msg":"It did not.","when":"run the other"}
{"status":400,"body":"no such thing","when":"fail"}
{"items":[{"call":"exec_command","args":{"cmd":"sleep 4711"}}],"when":"hang"}
{"msg":"Going on.","when":"go on"}
`, filepath.Join(dir, "out", "drive.js"), server)
}

// TestProvider runs ai-sdk-provider-codex-cli.
func TestProvider(t *testing.T) {
	modules := node.Modules(t, "provider.mjs")
	checks(t, 7, `{"msg":"Hello from the model.","when":"say hello"}
{"msg":"Going on.","when":"go on"}
{"status":400,"body":"no such thing","when":"fail"}
`, filepath.Join(modules, "provider.mjs"), filepath.Join(binaries, "codex"))
}

// checks runs a driver with a program of ours and a scripted model, and takes what it
// says: at least so many checks, all of them well.
func checks(t *testing.T, least int, script, driver, program string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home, work := filepath.Join(root, "home"), filepath.Join(root, "work")
	for _, dir := range []string{home, work} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(work, "alpha_beta.txt"), "")
	write(t, filepath.Join(root, "script.jsonl"), script)
	url := programs.ServeModel(t, binaries, "--global", filepath.Join(root, "script.jsonl"))
	write(t, filepath.Join(home, "config.toml"), fmt.Sprintf("model = \"mock-model\"\nmodel_provider = \"mock\"\n[model_providers.mock]\nname = \"mock\"\nbase_url = %q\nrequest_max_retries = 0\nstream_max_retries = 0\n", url))
	cmd := exec.Command("node", driver, program, work)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "CODEX_HOME="+home, "HOME="+home, "PATH="+binaries+string(os.PathListSeparator)+os.Getenv("PATH"))
	node.Checks(t, cmd, least)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

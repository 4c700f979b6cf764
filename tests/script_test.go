package tests

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"codex/tests/programs"
)

// TestScripts runs every *.txtar here and one folder down. CODEX_SCRIPTS holds a glob to
// run fewer; UPDATE=1 rewrites the golden files that cmp compares with.
func TestScripts(t *testing.T) {
	patterns := []string{"*.txtar", "*/*.txtar"}
	if p := os.Getenv("CODEX_SCRIPTS"); p != "" {
		patterns = []string{p}
	}
	var files []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	sort.Strings(files)
	if len(files) == 0 {
		t.Fatalf("no scripts match %q", patterns)
	}
	testscript.Run(t, params(files))
}

func params(files []string) testscript.Params {
	return testscript.Params{
		Files:              files,
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("UPDATE") != "",
		Setup:              setup,
		Cmds:               commands(),
		Condition:          condition,
	}
}

// setup gives a script our programs first on PATH, and a home of its own with an empty
// CODEX_HOME. Nothing of the caller's settings gets in.
func setup(e *testscript.Env) error {
	home := filepath.Join(e.WorkDir, ".home")
	codexHome := filepath.Join(home, ".codex")
	if err := os.MkdirAll(codexHome, 0o700); err != nil {
		return err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"PATH":                binaries + string(os.PathListSeparator) + os.Getenv("PATH"),
		"BIN":                 binaries,
		"ROOT":                root,
		"HOME":                home,
		"CODEX_HOME":          codexHome,
		"LC_ALL":              "C.UTF-8",
		"GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME":     "t", "GIT_AUTHOR_EMAIL": "t@example.org",
		"GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org",
	} {
		e.Setenv(key, value)
	}
	for _, kv := range programs.Environ() {
		key, value, _ := strings.Cut(kv, "=")
		e.Setenv(key, value)
	}
	return nil
}

// condition adds [program:NAME], true when one of ours with this name is built, and [root].
func condition(cond string) (bool, error) {
	const prefix = "program:"
	if len(cond) > len(prefix) && cond[:len(prefix)] == prefix {
		_, err := os.Stat(filepath.Join(binaries, cond[len(prefix):]))
		return err == nil, nil
	}
	return cond == "root" && os.Getuid() == 0, nil
}

package config

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testEnv is an environment of its own in a scratch folder.
func testEnv(t testing.TB, vars map[string]string) Env {
	t.Helper()
	dir := t.TempDir()
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	home := filepath.Join(dir, "home")
	work := filepath.Join(dir, "work")
	for _, d := range []string{home, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return Env{
		Get: func(k string) string {
			if v, ok := vars[k]; ok {
				return v
			}
			if k == "CODEX_HOME" {
				return home
			}
			return ""
		},
		Home: dir, Cwd: work, SystemDir: filepath.Join(dir, "etc"),
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (e Env) home() string { return e.Get("CODEX_HOME") }

// TestPeerErrors compares the words for wrong configurations with what
// `codex exec`, `codex features list` and `codex mcp list` 0.133.0 printed.
func TestPeerErrors(t *testing.T) {
	// Where the words differ on purpose, or are the parser's own.
	other := map[string]string{}
	f, err := os.Open("testdata/errors.0.133.0.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewReader(f)
	for {
		line, err := sc.ReadBytes('\n')
		if len(line) == 0 {
			break
		}
		var c struct {
			Config, Stderr, Command string
			Args                    []string
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		env := testEnv(t, nil)
		write(t, filepath.Join(env.home(), "config.toml"), c.Config)
		o := Options{Env: env}
		if c.Command == "" {
			o.Overrides = append(o.Overrides, "model_provider=nope")
			o.ForceApproval = "never"
		}
		for i := 0; i < len(c.Args); i++ {
			arg := func() string { i++; return c.Args[i] }
			switch c.Args[i] {
			case "-c":
				o.Overrides = append(o.Overrides, arg())
			case "-p":
				o.Profile = arg()
			case "--enable":
				o.Enable = append(o.Enable, arg())
			case "--disable":
				o.Disable = append(o.Disable, arg())
			case "--oss":
				o.OSS = true
			case "--local-provider":
				o.LocalProvider = arg()
			case "--strict-config":
				o.Strict = true
			default:
				t.Fatalf("flag %s", c.Args[i])
			}
		}
		_, lerr := Load(context.Background(), o)
		got := ""
		var e *Error
		switch {
		case lerr == nil:
		case !errors.As(lerr, &e):
			t.Errorf("%q: error of another type: %v", c.Config, lerr)
			continue
		case c.Command == "mcp list":
			got = Report("failed to load configuration", lerr)
		case c.Command != "":
			got = Report("", lerr)
		default:
			got = e.Message()
		}
		got = strings.ReplaceAll(got, env.home(), "$HOME")
		want := c.Stderr
		if w, ok := other[c.Config]; ok {
			want = w
		}
		if got != want {
			t.Errorf("config %q args %q %s\n got %q\nwant %q", c.Config, c.Args, c.Command, got, want)
		}
		if err != nil {
			break
		}
	}
}

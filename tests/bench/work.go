package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/model/script"
	"codex/tests/bighome"
)

// bench holds the model and a folder for homes and work trees.
type bench struct {
	dir    string
	server *http.Server
	base   string
	self   string // this program: a server, for mcp
	gaps   map[string]*gaps
	limit  time.Duration
	lines  int // of the flood at the terminal
	mb     int // of the session that is resumed
}

func newBench(flood, calls, lines, mb int, limit time.Duration) (*bench, error) {
	// Not under /tmp: some programs put no helper links there.
	dir, err := os.MkdirTemp("/var/tmp", "codex-bench-")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	scripts := map[string]string{
		"exec":      `{"msg":"Hello.","repeat":1000000}`,
		"bigexec":   `{"msg":"Hello.","repeat":1000000}`,
		"calls":     strings.Repeat(`{"call":"exec_command","args":{"cmd":"true"}}`+"\n", calls) + `{"msg":"done"}`,
		"mcp":       strings.Repeat(`{"call":"nothing","ns":"mcp__b__","args":{}}`+"\n", calls) + `{"msg":"done"}`,
		"plan":      strings.Repeat(`{"call":"update_plan","args":{"plan":[]}}`+"\n", calls) + `{"msg":"done"}`,
		"tuistart":  `{"msg":"Hello.","repeat":1000000}`,
		"tuikey":    `{"msg":"Hello.","repeat":1000000}`,
		"tuiflood":  screenful(lines),
		"tuiresume": `{"msg":"Hello.","repeat":1000000}`,
		"flood":     fmt.Sprintf(`{"msg":"0123456789abcdef","chunk":16,"times":%d}`, flood<<16),
	}
	mux, timed := http.NewServeMux(), map[string]*gaps{"mcp": {}, "plan": {}}
	for name, text := range scripts {
		s, err := script.Parse(strings.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("script %s: %w", name, err)
		}
		var h http.Handler = script.NewServer(s, script.Options{Stateless: true})
		if g := timed[name]; g != nil {
			g.next, h = h, g
		}
		mux.Handle("/"+name+"/", h)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, self: self, gaps: timed, server: &http.Server{Handler: mux}, base: "http://" + ln.Addr().String(), limit: limit, lines: lines, mb: mb}
	go b.server.Serve(ln) // ended by close
	return b, nil
}

// screenful is an answer of lines of 64 bytes, in deltas of 1 KiB.
func screenful(lines int) string {
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, `line %06d of the answer, padded to be sixty-four bytes lon\n`, i)
	}
	return `{"msg":"` + text.String() + endMark + `","chunk":1024}`
}

func (b *bench) close() {
	b.server.Close()
	os.RemoveAll(b.dir)
}

// once runs the work once. The home of a program stays from run to run.
func (b *bench) once(work string, p program) (figures, error) {
	home, tree := filepath.Join(b.dir, p.name, work, "home"), filepath.Join(b.dir, p.name, work, "tree")
	for _, dir := range []string{home, filepath.Join(tree, ".git")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return figures{}, err
		}
	}
	if err := b.configure(work, home, tree); err != nil {
		return figures{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.limit)
	defer cancel()
	var args []string
	switch work {
	case "tuiresume":
		if err := writeSession(home, tree, b.mb); err != nil {
			return figures{}, fmt.Errorf("write the session: %w", err)
		}
		return b.terminalWork(ctx, work, p, home, tree, "resume", sessionID)
	case "tuistart", "tuikey", "tuiflood":
		return b.terminalWork(ctx, work, p, home, tree)
	case "version":
		args = []string{"--version"}
	case "sandbox":
		args = []string{"sandbox", "linux", "--", "/bin/true"}
	case "exec", "bigexec", "calls", "mcp", "plan", "flood":
		args = []string{"exec", "--json", "go"}
	default:
		return figures{}, fmt.Errorf("no such work")
	}
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Dir = tree
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		return figures{}, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	wall := ms(took)
	if g := b.gaps[work]; g != nil {
		wall = g.take()
	}
	return figures{wall, ms(used), maxRSS(cmd.ProcessState)}, nil
}

// configure writes config.toml, and for bigexec, once, all that a large home has.
func (b *bench) configure(work, home, tree string) error {
	head := "check_for_update_on_startup = false\nmodel_provider = \"bench\"\n"
	tables := fmt.Sprintf("\n[model_providers.bench]\nname = \"bench\"\nbase_url = \"%s/%s/v1\"\nwire_api = \"responses\"\n[projects.%q]\ntrust_level = \"trusted\"\n", b.base, work, tree)
	if work == "mcp" {
		tables += fmt.Sprintf("[mcp_servers.b]\ncommand = %q\nargs = [\"server\"]\n", b.self)
	}
	file := filepath.Join(home, "config.toml")
	if work != "bigexec" {
		return os.WriteFile(file, []byte(head+tables), 0o600)
	}
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	return bighome.Write(home, head, tables)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

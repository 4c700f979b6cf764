package tests

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"codex/tests/programs"
)

// commands are what scripts can say besides the words of testscript itself.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"model":   cmdModel,
		"jsonl":   cmdJSONL,
		"waitfor": cmdWaitfor,
	}
}

// cmdModel: model SCRIPT [ARGS…] starts codex-model serve in the background, sets
// MODEL_URL to its base URL, and writes a config.toml whose provider "scripted" it is.
// The server ends with the script.
func cmdModel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: model SCRIPT [ARGS...]")
	}
	cmd := exec.Command(filepath.Join(binaries, "codex-model"), append([]string{"serve", ts.MkAbs(args[0])}, args[1:]...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(programs.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"), "CODEX_HOME="+ts.Getenv("CODEX_HOME"))
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	log, err := os.Create(ts.MkAbs("model.log"))
	ts.Check(err)
	cmd.Stderr = log
	ts.Check(cmd.Start())
	done := make(chan struct{})
	url := make(chan string, 1)
	go func() {
		defer close(done)
		out := bufio.NewReader(stdout)
		line, err := out.ReadString('\n')
		if err == nil {
			url <- strings.TrimSpace(line)
		}
		close(url)
		io.Copy(io.Discard, out)
	}()
	ts.Defer(func() {
		cmd.Process.Kill()
		<-done
		cmd.Wait()
		log.Close()
	})
	base, ok := <-url
	if !ok {
		ts.Fatalf("codex-model serve gave no address:\n%s", ts.ReadFile("model.log"))
	}
	ts.Setenv("MODEL_URL", base)
	config := fmt.Sprintf("model_provider = \"scripted\"\n\n[model_providers.scripted]\nname = \"scripted\"\nbase_url = %q\nwire_api = \"responses\"\n", base)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("CODEX_HOME"), "config.toml"), []byte(config), 0o600))
}

// cmdJSONL: jsonl [-where PATH=VALUE]… [-count N] FILE PATH [VALUE] holds when some line
// of FILE (or stdout, stderr) that fits every -where has PATH, with VALUE if one is given
// (a string, or raw JSON; /RE/ for a pattern). With -count exactly N lines must.
// Every line must be JSON.
func cmdJSONL(ts *testscript.TestScript, neg bool, args []string) {
	var where pairs
	fs := flag.NewFlagSet("jsonl", flag.ContinueOnError)
	fs.Var(&where, "where", "PATH=VALUE")
	count := fs.Int("count", -1, "exact number of lines")
	ts.Check(fs.Parse(args))
	if fs.NArg() < 2 || fs.NArg() > 3 {
		ts.Fatalf("usage: jsonl [-where PATH=VALUE]... [-count N] FILE PATH [VALUE]")
	}
	text := ts.ReadFile(fs.Arg(0))
	n := 0
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if !gjson.Valid(line) {
			ts.Fatalf("%s:%d is no JSON: %.200s", fs.Arg(0), i+1, line)
		}
		fits := true
		for _, p := range where {
			path, value, _ := strings.Cut(p, "=")
			fits = fits && matches(gjson.Get(line, path), value)
		}
		if v := gjson.Get(line, fs.Arg(1)); fits && v.Exists() && (fs.NArg() == 2 || matches(v, fs.Arg(2))) {
			n++
		}
	}
	switch {
	case *count >= 0 && (n == *count) == neg:
		ts.Fatalf("%d lines of %s have %s:\n%.4000s", n, fs.Arg(0), strings.Join(fs.Args()[1:], " = "), text)
	case *count < 0 && (n > 0) == neg:
		ts.Fatalf("%d lines of %s have %s:\n%.4000s", n, fs.Arg(0), strings.Join(fs.Args()[1:], " = "), text)
	}
}

func matches(v gjson.Result, want string) bool {
	if len(want) > 1 && want[0] == '/' && want[len(want)-1] == '/' {
		ok, err := regexp.MatchString(want[1:len(want)-1], v.String())
		return ok && err == nil
	}
	return v.Exists() && (v.String() == want || v.Raw == want)
}

type pairs []string

func (p *pairs) String() string     { return strings.Join(*p, ",") }
func (p *pairs) Set(s string) error { *p = append(*p, s); return nil }

// cmdWaitfor: waitfor FILE [REGEXP] waits until FILE exists and has a match. It fails
// after a minute.
func cmdWaitfor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: waitfor FILE [REGEXP]")
	}
	re := regexp.MustCompile("")
	if len(args) == 2 {
		var err error
		re, err = regexp.Compile("(?m)" + args[1])
		ts.Check(err)
	}
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if b, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && re.Match(b) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("waited a minute for %s", strings.Join(args, " to have "))
		}
	}
}

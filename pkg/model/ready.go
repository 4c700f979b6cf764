package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/install"
	"codex/pkg/jsonrpc"
	"codex/pkg/watchdog"
)

const (
	noOllama   = "No Ollama server answers here. `ollama serve` starts one; it can be had at https://ollama.com/download."
	noLMStudio = "LM Studio does not answer. `lms server start` starts its server; it can be had at https://lmstudio.ai/download."

	// probeWait bounds an answer that takes no work.
	probeWait = 5 * time.Second
	maxLocal  = 16 << 20
)

// oldest is the first release of Ollama with the Responses API.
var oldest = [3]int{0, 13, 4}

type readyCmd struct {
	BaseURL string `required:"" placeholder:"URL" help:"the server's address, as providers have it"`
	Server  string `arg:"" enum:"ollama,lmstudio" help:"ollama or lmstudio"`
	Model   string `arg:"" help:"the model that shall be there"`
}

// Run sees to it that a local server answers and has the model, which may take as long as a
// download; what it does meanwhile is told on standard error.
func (c *readyCmd) Run(s Streams) error {
	ctx, stop := signals()
	defer stop()
	h, err := newLocalServer(c.BaseURL, s)
	if err != nil {
		return err
	}
	if c.Server == "lmstudio" {
		err = h.readyLMStudio(ctx, c.Model)
	} else {
		err = h.readyOllama(ctx, c.Model)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

func (l *localServer) readyOllama(ctx context.Context, model string) error {
	path, members := "/v1/models", "data.#.id"
	if !strings.HasSuffix(l.base, "/v1") {
		path, members = "/api/tags", "models.#.name"
	}
	names, err := l.names(ctx, path, members)
	if err != nil {
		return fmt.Errorf("%s (%w)", noOllama, err)
	}
	if b, err := l.get(ctx, l.root()+"/api/version"); err == nil {
		if v := gjson.GetBytes(b, "version").Str; tooOld(v) {
			return fmt.Errorf("Ollama %s is too old. Codex requires Ollama %d.%d.%d or newer.", v, oldest[0], oldest[1], oldest[2])
		}
	}
	if slices.Contains(names, model) || slices.Contains(names, model+":latest") {
		return nil
	}
	return l.pull(ctx, model)
}

// tooOld compares a version; one that cannot be read, or 0.0.0, is not.
func tooOld(version string) bool {
	var v [3]int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(version, "v"), "%d.%d.%d", &v[0], &v[1], &v[2]); n != 3 || v == [3]int{} {
		return false
	}
	return slices.Compare(v[:], oldest[:]) < 0
}

// pull has Ollama download a model. It answers with status 200 and tells of errors in lines.
func (l *localServer) pull(ctx context.Context, model string) error {
	fmt.Fprintf(l.stderr, "Pulling model %s...\n", model)
	body, err := l.post(ctx, l.root()+"/api/pull", struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}{model, true})
	if err != nil {
		return fmt.Errorf("failed to start pull: %w", err)
	}
	defer body.Close()
	r := jsonrpc.NewReader(body, 1<<20)
	p := progress{to: l.stderr, layers: map[string][2]int64{}}
	for {
		line, err := r.ReadLine()
		if errors.Is(err, io.EOF) {
			return errors.New("Pull stream ended unexpectedly without success.")
		}
		if err != nil {
			return fmt.Errorf("Pull failed: %w", err)
		}
		m := gjson.ParseBytes(line)
		switch {
		case m.Get("error").Str != "":
			return fmt.Errorf("Pull failed: %s", m.Get("error").Str)
		case m.Get("status").Str == "success":
			return nil
		}
		p.see(m)
	}
}

// progress tells how much of all layers is there, at each tenth.
type progress struct {
	to     io.Writer
	layers map[string][2]int64 // by digest: there, of
	told   int64
	total  int64
}

func (p *progress) see(m gjson.Result) {
	digest, done, of := m.Get("digest").Str, m.Get("completed").Int(), m.Get("total").Int()
	if of <= 0 || len(p.layers) > 1000 && p.layers[digest] == [2]int64{} {
		return
	}
	p.layers[digest] = [2]int64{done, of}
	var there, total int64
	for _, l := range p.layers {
		there, total = there+l[0], total+l[1]
	}
	if total != p.total { // another layer
		p.total, p.told = total, -1
	}
	if tenth := there * 10 / total; tenth > p.told {
		p.told = tenth
		fmt.Fprintf(p.to, "%.2f/%.2f GB (%d%%)\n", float64(there)/(1<<30), float64(total)/(1<<30), there*100/total)
	}
}

func (l *localServer) readyLMStudio(ctx context.Context, model string) error {
	names, err := l.names(ctx, "/v1/models", "data.#.id")
	var status statusError
	switch {
	case errors.As(err, &status):
		return fmt.Errorf("Server returned error: %w %s", err, noLMStudio)
	case err != nil:
		return fmt.Errorf("%s (%w)", noLMStudio, err)
	}
	if !slices.Contains(names, model) {
		if err := l.download(ctx, model); err != nil {
			return err
		}
	}
	fmt.Fprintf(l.stderr, "Loading model %s...\n", model)
	body, err := l.post(ctx, l.base+"/responses", struct {
		Model string `json:"model"`
		Input string `json:"input"`
		Most  int    `json:"max_output_tokens"`
	}{model, "", 1})
	if err != nil { // the turn's own request loads it as well, or says why not
		fmt.Fprintf(l.stderr, "warning: load %s: %v\n", model, err)
		return nil
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(body, maxLocal))
	return err
}

// download has LM Studio's own program get a model.
func (l *localServer) download(ctx context.Context, model string) error {
	home := l.getenv("HOME")
	if runtime.GOOS == "windows" {
		home = l.getenv("USERPROFILE")
	}
	// Its own folder comes last: not everybody has it on the PATH.
	path := l.getenv("PATH") + string(filepath.ListSeparator) + filepath.Join(home, ".lmstudio", "bin")
	lms, err := install.LookPath("lms", path)
	if err != nil {
		return errors.New("the program `lms` of LM Studio is not there; it can be had at https://lmstudio.ai/download")
	}
	fmt.Fprintf(l.stderr, "Downloading model: %s\n", model)
	cmd := exec.CommandContext(ctx, lms, "get", "--yes", model)
	watchdog.OwnGroup(cmd)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = l.env, l.stderr, l.stderr, time.Second
	var guard watchdog.Guard
	defer guard.Close()
	if err = guard.Start(cmd, l.self); err == nil {
		err = cmd.Wait()
		guard.Release(cmd) // it may have started LM Studio
	}
	if err != nil {
		return fmt.Errorf("Model download failed: %s get --yes %s: %w", lms, model, err)
	}
	return nil
}

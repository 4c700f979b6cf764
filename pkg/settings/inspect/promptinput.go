package inspect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/settings"
)

// grace is how long an engine may take to leave once everything is said.
const grace = 5 * time.Second

type promptInputCmd struct {
	Images []string `short:"i" name:"image" sep:"," placeholder:"FILE" help:"attach an image to the prompt"`
	Prompt string   `arg:"" optional:"" help:"the prompt that the rest is shown with"`
}

// Run asks an engine what it would send.
func (c promptInputCmd) Run(ctx context.Context, f settings.Flags, p settings.Process) error {
	if _, err := f.Load(ctx, p); err != nil {
		return err
	}
	path, err := install.Find(p.Self, "codex-turn", p.Env.Get("PATH"))
	if err != nil {
		return err
	}
	engine := pipeline.Command{Name: "codex-turn", Path: path, Args: append(f.Args(), "--prompt-input", "--ephemeral", "--source=exec")}
	pipe, err := pipeline.Start(pipeline.Spec{Engine: engine, Env: p.Environ})
	if err != nil {
		return err
	}
	input, err := c.ask(pipe, p)
	if err != nil {
		pipe.Terminate()
	}
	exits := pipe.Wait(grace)
	if errors.Is(err, errEnded) {
		return errors.New(pipeline.Blame(exits) + " before it told anything")
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, input, "", "  "); err != nil {
		return fmt.Errorf("read the engine's answer: %w", err)
	}
	b.WriteByte('\n')
	_, err = p.Stdout.Write(b.Bytes())
	return err
}

// errEnded tells that the engine's lines ended.
var errEnded = errors.New("the engine's output ended")

// ask starts a turn and waits for what it would send.
func (c promptInputCmd) ask(pipe *pipeline.Pipeline, p settings.Process) (json.RawMessage, error) {
	hello := protocol.InitializeParams{ClientInfo: protocol.ClientInfo{Name: "codex_debug", Version: version.Compat}, Capabilities: &protocol.InitializeCapabilities{CodexTurn: true}}
	w := jsonrpc.NewWriter(pipe.In)
	err := w.Request(1, protocol.MethodInitialize, hello)
	if err == nil {
		err = w.Request(2, protocol.MethodTurnStart, map[string]any{"input": c.input(p.Env.Cwd)})
	}
	if err := errors.Join(err, pipe.In.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
		return nil, errEnded
	}
	r := jsonrpc.NewReader(pipe.Out, 0)
	var found json.RawMessage
	for {
		line, err := r.ReadLine()
		if err != nil {
			break // the engine has left
		}
		m := gjson.ParseBytes(line)
		switch {
		case m.Get("error").Exists():
			return nil, errors.New(m.Get("error.message").Str)
		case m.Get("method").Str == protocol.NoteError:
			return nil, errors.New(m.Get("params.error.message").Str)
		case m.Get("method").Str == protocol.NotePromptInput:
			found = json.RawMessage(m.Get("params.input").Raw)
		}
	}
	if found == nil {
		return nil, errEnded
	}
	return found, nil
}

func (c promptInputCmd) input(cwd string) []protocol.UserInput {
	input := []protocol.UserInput{}
	for _, path := range c.Images {
		if !filepath.IsAbs(path) {
			path = filepath.Join(cwd, path)
		}
		input = append(input, protocol.UserInput{Type: protocol.UserInputLocalImage, Path: path})
	}
	if c.Prompt != "" {
		input = append(input, protocol.UserInput{Type: protocol.UserInputText, Text: c.Prompt})
	}
	return input
}

package argv

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp"
	"codex/pkg/mcp/oauth"
	"codex/pkg/mcp/wire"
	"codex/pkg/termtext"
	"codex/pkg/watchdog"
)

// connect starts a server as the engine would.
func (g *Grammar) connect(ctx context.Context, p Process, name string) (*mcp.Client, error) {
	cfg, err := g.load(ctx, p)
	if err != nil {
		return nil, err
	}
	s, ok := serverOf(cfg, name)
	if !ok {
		return nil, fmt.Errorf("No MCP server named '%s' found.", name)
	}
	if s.Disabled != "" {
		return nil, fmt.Errorf("MCP server '%s' is disabled: %s", name, s.Disabled)
	}
	s.Cwd = cmp.Or(s.Cwd, p.Env.Cwd)
	log := p.bounded()
	c, err := mcp.Connect(ctx, s, mcp.Options{Environ: p.Environ, Version: version.Compat, Guard: new(watchdog.Guard), Self: p.Self, Log: log, Authorize: oauth.Authorize(p.logins(cfg), p.Now, log)})
	if err != nil {
		return nil, fmt.Errorf("MCP server '%s': %w", name, err)
	}
	return c, nil
}

// maxLines is how many lines of a server's words people get.
const maxLines = 200

// bounded gives what takes words of a server, the first of them.
func (p Process) bounded() func(line string) {
	var n atomic.Int64
	return func(line string) {
		switch i := n.Add(1); {
		case i <= maxLines:
			fmt.Fprintln(p.Stderr, "codex-mcp: "+termtext.Line(line))
		case i == maxLines+1:
			fmt.Fprintf(p.Stderr, "codex-mcp: the server says more than %d lines: the rest is not shown\n", maxLines)
		}
	}
}

type toolsCmd struct {
	Name string `arg:"" help:"the server's name"`
	JSON bool   `name:"json" help:"print each tool as the server describes it, one JSON object a line"`
}

// Run lists the tools of a server: a name, a tab and the first line of its description.
func (c *toolsCmd) Run(ctx context.Context, g *Grammar, p Process) (err error) {
	ctx, stop := pipeline.Interruptible(ctx)
	defer stop()
	defer func() { err = pipeline.ByWhat(ctx, err) }()
	client, err := g.connect(ctx, p, c.Name)
	if err != nil {
		return err
	}
	defer client.Close()
	for tool, err := range client.Tools(ctx) {
		if err != nil {
			return fmt.Errorf("MCP server '%s': %s", c.Name, mcp.Message(err))
		}
		line := string(tool)
		if !c.JSON {
			t := gjson.ParseBytes(tool)
			about, _, _ := strings.Cut(t.Get("description").Str, "\n")
			line = termtext.Line(t.Get("name").Str) + "\t" + termtext.Line(about)
		}
		if _, err := fmt.Fprintln(p.Stdout, line); err != nil {
			return err
		}
	}
	return nil
}

type callCmd struct {
	Name string `arg:"" help:"the server's name"`
	Tool string `arg:"" help:"the tool's name, as the server says it"`
	Args string `arg:"" optional:"" name:"arguments" help:"arguments as a JSON object; - reads them from standard input"`
	JSON bool   `name:"json" help:"print the whole result as one line of JSON"`
}

// maxArgs bounds arguments from standard input.
const maxArgs = 64 << 20

// Run calls a tool. A result that says that the tool failed is printed all the same, with
// status 1.
func (c *callCmd) Run(ctx context.Context, g *Grammar, p Process) (err error) {
	args, err := c.arguments(p.In)
	if err != nil {
		return err
	}
	ctx, stop := pipeline.Interruptible(ctx)
	defer stop()
	defer func() { err = pipeline.ByWhat(ctx, err) }()
	client, err := g.connect(ctx, p, c.Name)
	if err != nil {
		return err
	}
	defer client.Close()
	result, err := client.Call(ctx, mcp.Call{Tool: c.Tool, Arguments: args})
	if err == nil && !wire.IsResult(result) {
		err = wire.ErrNoResult
	}
	if err != nil {
		return fmt.Errorf("tool call failed for `%s/%s`: %s", c.Name, c.Tool, mcp.Message(err))
	}
	text := append(result, '\n')
	if !c.JSON {
		text = content(gjson.ParseBytes(result))
	}
	if _, err := p.Stdout.Write(text); err != nil {
		return err
	}
	if gjson.GetBytes(result, "isError").Bool() {
		return exit.Silent(exit.Failed)
	}
	return nil
}

func (c *callCmd) arguments(in io.Reader) (json.RawMessage, error) {
	text := []byte(c.Args)
	if c.Args == "-" {
		var err error
		if text, err = io.ReadAll(io.LimitReader(in, maxArgs+1)); err != nil {
			return nil, fmt.Errorf("read arguments: %w", err)
		}
		if len(text) > maxArgs {
			return nil, fmt.Errorf("arguments are longer than %d bytes", maxArgs)
		}
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return nil, nil
	}
	if err := jsonrpc.Check(text); err != nil {
		return nil, exit.Usagef("the arguments are no JSON: %v", err)
	}
	if text[0] != '{' {
		return nil, exit.Usagef("the arguments must be a JSON object")
	}
	var one bytes.Buffer
	if err := json.Compact(&one, text); err != nil {
		return nil, errors.New("the arguments are no JSON")
	}
	return one.Bytes(), nil
}

// content is a result for people and scripts: its texts, and each other block as a line of
// JSON; without content, the structured one.
func content(result gjson.Result) []byte {
	var b bytes.Buffer
	blocks := result.Get("content").Array()
	for _, block := range blocks {
		if block.Get("type").Str == "text" {
			b.WriteString(strings.TrimSuffix(block.Get("text").Str, "\n"))
		} else {
			b.WriteString(block.Raw)
		}
		b.WriteByte('\n')
	}
	if s := result.Get("structuredContent"); len(blocks) == 0 && s.Exists() {
		b.WriteString(s.Raw + "\n")
	}
	return b.Bytes()
}

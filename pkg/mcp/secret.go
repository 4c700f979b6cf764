package mcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/shellenv"
	"codex/pkg/watchdog"
)

const (
	secretTime = 30 * time.Second
	maxSecret  = 64 << 10
)

// reveal gives the value of a secret. Errors name what is missing, never a value.
func (o Options) reveal(ctx context.Context, s Server, v config.Secret) (string, error) {
	env := shellenv.Map(o.Environ)
	variable := func(name string) (string, error) {
		value, ok := env[name]
		switch {
		case !ok:
			return "", fmt.Errorf("Environment variable %s for MCP server '%s' is not set", name, s.Name)
		case strings.TrimSpace(value) == "":
			return "", fmt.Errorf("Environment variable %s for MCP server '%s' is empty", name, s.Name)
		}
		return value, nil
	}
	switch {
	case len(v.Cmd) > 0:
		return o.ask(ctx, s, v.Cmd)
	case v.Env != "":
		return variable(v.Env)
	}
	return expand(v.Text, variable)
}

// expand replaces each ${NAME}; other dollars stand for themselves.
func expand(text string, variable func(string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), nil
		case !closed || !isName(name):
			b.WriteString("${")
			text = rest
			continue
		}
		value, err := variable(name)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		text = after
	}
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// ask runs the command that prints a secret, and takes the first line.
func (o Options) ask(ctx context.Context, s Server, argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	watchdog.OwnGroup(cmd)
	out := &limited{max: maxSecret}
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.WaitDelay = o.Environ, s.Cwd, out, leaveTime
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("run %s for a secret of MCP server '%s': %w", argv[0], s.Name, err)
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("%s printed no secret for MCP server '%s'", argv[0], s.Name)
	}
	return line, nil
}

// limited is a buffer that refuses what is over its bound.
type limited struct {
	bytes.Buffer
	max int
}

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	if l.Len()+len(b) > l.max {
		return 0, errors.New("too much output")
	}
	return l.Buffer.Write(b)
}

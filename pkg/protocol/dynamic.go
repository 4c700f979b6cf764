package protocol

import (
	"bytes"
	"fmt"
	"strings"
)

// CheckDynamicTools says what is wrong with the dynamicTools of a thread/start, in the
// words of 0.133.0: names that the model's side would not take, or that are taken.
func CheckDynamicTools(specs []DynamicToolSpec) error {
	seen := map[string]bool{}
	for _, s := range specs {
		if err := s.check(); err != nil {
			return err
		}
		name := s.Name
		if s.Namespace != nil {
			name = *s.Namespace + "." + name
		}
		if seen[name] {
			return fmt.Errorf("duplicate dynamic tool name: %s", name)
		}
		seen[name] = true
	}
	return nil
}

func (s *DynamicToolSpec) check() error {
	switch n := s.Name; {
	case strings.TrimSpace(n) == "":
		return fmt.Errorf("dynamic tool name must not be empty")
	case strings.TrimSpace(n) != n:
		return fmt.Errorf("dynamic tool name has leading/trailing whitespace: %s", n)
	case !plainToolName(n):
		return fmt.Errorf("dynamic tool name must match ^[a-zA-Z0-9_-]+$ to match Responses API: %s", n)
	case reservedTool(n):
		return fmt.Errorf("dynamic tool name is reserved: %s", n)
	}
	if s.Namespace != nil {
		switch n := *s.Namespace; {
		case strings.TrimSpace(n) == "":
			return fmt.Errorf("dynamic tool namespace must not be empty for %s", s.Name)
		case strings.TrimSpace(n) != n:
			return fmt.Errorf("dynamic tool namespace has leading/trailing whitespace for %s: %s", s.Name, n)
		case !plainToolName(n):
			return fmt.Errorf("dynamic tool namespace must match ^[a-zA-Z0-9_-]+$ to match Responses API: %s", n)
		case reservedTool(n):
			return fmt.Errorf("dynamic tool namespace is reserved for %s: %s", s.Name, n)
		case n == "functions":
			return fmt.Errorf("dynamic tool namespace collides with a reserved Responses API namespace for %s: %s", s.Name, n)
		}
	} else if s.DeferLoading {
		return fmt.Errorf("deferred dynamic tool must include a namespace: %s", s.Name)
	}
	if b := bytes.TrimSpace(s.InputSchema); len(b) == 0 || b[0] != '{' {
		return fmt.Errorf("dynamic tool input schema is not supported for %s: it is no object", s.Name)
	}
	return nil
}

// reservedTool holds the names under which tools of MCP servers go.
func reservedTool(name string) bool { return name == "mcp" || strings.HasPrefix(name, "mcp__") }

func plainToolName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	})
}
